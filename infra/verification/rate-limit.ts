import { Failure } from "../core/failure";

/** The application's rate limit was hit: a separate result, since it says nothing about the box. */
export class RateLimited extends Failure {
  constructor(message: string, waitSeconds: number) {
    super(
      "rate-limited",
      message,
      `this says nothing about the box itself: wait ${Math.ceil(waitSeconds / 60)} min, then raise attempt (pulumi config set attempt N) and run pulumi up`,
    );
    this.name = "RateLimited";
  }
}
