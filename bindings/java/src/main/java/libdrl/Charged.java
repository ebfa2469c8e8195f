package libdrl;

/** Whether the cost was taken from the bucket. */
public enum Charged {
  /** It was not. */
  NO,
  /** It was. */
  YES,
  /** The request was sent and its answer was lost. It is never sent twice. */
  UNKNOWN
}
