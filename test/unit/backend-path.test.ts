import { expect, test } from "vitest";
import { isBackendPath } from "../../infra/core/backend-path";

test.each([
  ["/api/things", true],
  ["/api/", true],
  ["/api", false],
  ["/apiary", false],
  ["/graphql", true],
  ["/graphql?query=1", true],
  ["/graphql/x", false],
  ["/?next=/api/", false],
])("%s goes to the backend: %s", (path, goes) => {
  expect(isBackendPath(path, ["/api/", "/graphql"])).toBe(goes);
});
