import { join } from "node:path";
import { pythonEnvironment } from "./python";
export const motoVersion = "5.2.1";
/** The path of moto's server program, installed from PyPI into the cache where it isn't yet (20 s; then some milliseconds). */
export async function motoServer(log = () => { }) {
    return join(await pythonEnvironment("moto", [`moto[server]==${motoVersion}`], log), "moto_server");
}
