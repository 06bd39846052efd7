/** A server that a test run may use. */
export interface Provided {
  readonly url: string;
  /** Where it came from, for the reader of the output. */
  readonly origin: string;
  stop(): Promise<void>;
}
