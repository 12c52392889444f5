export { cacheDirectory } from "../infra/cache";
