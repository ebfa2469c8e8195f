package libdrl;

/** Whether the server's certificate is verified. */
public enum SslCertReqs {
  /** It must be of an authority that is trusted: the default. */
  REQUIRED,
  /** Nothing about the server is verified: whoever can get between can read and change what is sent. That is logged. */
  NONE
}
