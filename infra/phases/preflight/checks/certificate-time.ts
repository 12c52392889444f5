import type { X509Certificate } from "node:crypto";

export function timeProblems(what: string, certificate: X509Certificate, days: number, now: Date): string[] {
  if (new Date(certificate.validFrom) > now) return [`${what} is not valid before ${certificate.validFrom}`];
  const left = daysLeft(certificate, now);
  return left < days
    ? [`${what} ends in ${left} days; at least ${days} must be left (preflight.certificateDaysLeft)`]
    : [];
}

export function daysLeft(certificate: X509Certificate, now: Date): number {
  return Math.floor((new Date(certificate.validTo).getTime() - now.getTime()) / 86_400_000);
}
