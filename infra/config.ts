import * as pulumi from "@pulumi/pulumi";
import { allConfig } from "@pulumi/pulumi/runtime/index.js";
import { parseSettings, type Settings } from "./settings";

/** Keys whose value is text as it stands; all others are JSON. */
const textKeys = new Set(["release"]);

/**
 * The stack's settings.
 * @throws SettingsError with every problem at once
 */
export function readSettings(): Settings {
  const namespace = `${pulumi.getProject()}:`;
  const raw = Object.entries(allConfig())
    .filter(([key]) => key.startsWith(namespace))
    .map(([key, value]) => [key.slice(namespace.length), value] as const)
    .map(([key, value]) => [key, textKeys.has(key) ? value : parsed(value)]);
  return parseSettings(Object.fromEntries(raw));
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}
