import type { BoxId } from "../../infra/checklist/boxes";
import type { Fault } from "./fault";
import { dataFaults } from "./faults/data";
import { deploymentFaults } from "./faults/deployment";
import { operationFaults } from "./faults/operation";
import { preparationFaults } from "./faults/preparation";
import { verificationFaults } from "./faults/verification";

/** Each box with a fault that keeps it from passing; a box that is missing here is a type error. */
export const faults: Readonly<Record<BoxId, Fault>> = {
  ...preparationFaults,
  ...dataFaults,
  ...deploymentFaults,
  ...verificationFaults,
  ...operationFaults,
};
