import type { Duplex } from "node:stream";

/** Secrets to log in with. */
export interface Credentials {
  /** Private key as text, PEM or OpenSSH. */
  privateKey?: string;
  /** Passphrase of the private key or key file. */
  passphrase?: string;
  password?: string;
}

/** Deadlines in milliseconds. */
export interface Deadlines {
  /** Opening the TCP connection. Default 15 000. */
  /** Trying again where nothing listens yet. Default 0. */
  boot?: number;
  dial?: number;
  /** Handshake and authentication. Default 20 000. */
  authentication?: number;
  /** One command. Default 600 000. */
  command?: number;
}

/** A machine and how to log in to it. What is absent comes from `~/.ssh/config`, then from SSH's own defaults. */
export interface Endpoint {
  /** Host name, IP address or alias of the SSH configuration; `local` is this machine, without SSH. */
  address: string;
  port?: number;
  user?: string;
  credentials?: Credentials;
  privateKeyFile?: string;
  /** Socket of an SSH agent. Default: `SSH_AUTH_SOCK`. */
  agent?: string;
  /** Accepted keys, each a `SHA256:…` fingerprint or an OpenSSH public key. */
  hostKey?: string | string[];
  /** known_hosts file, or false for none. Default: `~/.ssh/known_hosts`. */
  knownHosts?: string | false;
  /** Accept a key that nothing is known of. Default false. */
  trustOnFirstUse?: boolean;
  /** Hosts to go through, first hop first. */
  jump?: Endpoint[];
  /** SSH client configuration, or false for none. Default: `~/.ssh/config`. */
  sshConfig?: string | false;
  deadlines?: Deadlines;
  /** Seconds between keep-alive messages; three without an answer end the connection. Default 10. */
  keepAliveSeconds?: number;
}

/** Who answered, and as whom. */
export interface Identity {
  /** OpenSSH public key of the host, `ssh-ed25519 AAAA…`; empty for `local`. */
  hostKey: string;
  /** `SHA256:…`; empty for `local`. */
  fingerprint: string;
  user: string;
  /** How commands get to run as root. */
  becomesRoot: "root" | "sudo";
}

export interface ExecOptions {
  /** POSIX shell text. It goes over standard input, so that nothing of it is in an argument list. */
  script: string;
  /** What it is for: appears in traces and errors. */
  purpose: string;
  /** Run as root, by `sudo -n` where the user is not. Default true. */
  root?: boolean;
  /** Milliseconds. Default: the endpoint's. */
  deadline?: number;
  /** Bytes kept of each output. Default 64 MiB of standard output, 1 MiB of standard error. What is beyond is dropped from the middle. */
  maxOutput?: number;
  /** Secrets that are taken out of the output. */
  redact?: string[];
  /** Called for each whole line of standard output as it arrives. */
  onStdoutLine?: (line: string) => void;
  /** Ends the wait. The host may go on with the script until its deadline. */
  signal?: AbortSignal;
  /** Goes beside the commands that run, however many do: for the little that ends one of them. */
  urgent?: boolean;
}

export interface ExecResult {
  /** Exit status; null where a signal ended the shell. */
  code: number | null;
  signal?: string;
  stdout: string;
  stderr: string;
  /** Whether output was dropped. */
  truncated: boolean;
  millis: number;
}

export interface UploadOptions {
  /** File on this machine. */
  source: string;
  sha256: string;
  /** Bytes. */
  size: number;
  /** Where it goes. */
  path: string;
  mode: number;
  /** `user:group`. Default `root:root`. */
  owner?: string;
  purpose: string;
  /** Bytes of the file that the host has written, and in all. */
  onProgress?: (sentBytes: number, totalBytes: number) => void;
  /** Milliseconds for the whole of it. Default: none, as long as it moves. */
  deadline?: number;
  /** Milliseconds without any progress that end it. Default 60 000. */
  stall?: number;
  signal?: AbortSignal;
}

export interface UploadResult {
  /** Bytes of content on the wire, compressed. 0 when the host had the file. */
  sentBytes: number;
  /** Bytes of the source that the host had from an earlier upload that was cut. */
  resumedFrom: number;
  /** Whether the host had the whole file. */
  skipped: boolean;
  millis: number;
}

/** A live connection to one machine. Its calls reject with a `MicrovmError`. */
export interface Connection {
  readonly endpoint: Endpoint;
  readonly identity: Identity;
  /** Resolves whatever the exit status is. */
  exec(options: ExecOptions): Promise<ExecResult>;
  /** Puts a file on the host atomically. Skips what is there by digest, and goes on where an earlier one was cut. */
  upload(options: UploadOptions): Promise<UploadResult>;
  forwardTcp(host: string, port: number): Promise<Duplex>;
  forwardUnix(path: string): Promise<Duplex>;
  close(): Promise<void>;
}
