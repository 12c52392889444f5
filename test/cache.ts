export { cacheDirectory } from "../infra/core/cache";
