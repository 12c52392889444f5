import * as pulumi from "@pulumi/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime/index.js";
import { rawSettings } from "../settings/raw";
import { parseSettings, type Settings } from "../settings/settings";

/**
 * The stack's settings.
 * @throws SettingsError with every problem at once
 */
export function readSettings(): Settings {
  return parseSettings(rawSettings(allConfig(), pulumi.getProject()), pulumi.getStack());
}
