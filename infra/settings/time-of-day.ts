import { z } from "zod";

const day = 1440;

/** Minutes since midnight. */
export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/** Of minutes that may reach into the next day. */
export function timeAt(minutes: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${two(Math.floor((minutes % day) / 60))}:${two(minutes % 60)}`;
}

/** How long a window is whose end at or before its beginning is the next day's. */
export function windowMinutes({ fromUtc, toUtc }: { fromUtc: string; toUtc: string }): number {
  return (minutesOf(toUtc) - minutesOf(fromUtc) + day) % day || day;
}

/** In UTC. */
export const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day such as 02:30");
