import { Failure } from "../core/failure";

/** The application's limit of requests, which says nothing of the box that was looked at: a result of its own. */
export class RateLimited extends Failure {
  constructor(message: string, waitSeconds: number) {
    super(
      "rate-limited",
      message,
      `this says nothing of the box itself: wait ${Math.ceil(waitSeconds / 60)} min, then raise attempt (pulumi config set attempt N) and run pulumi up`,
    );
    this.name = "RateLimited";
  }
}
