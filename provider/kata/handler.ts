/** A way to run a container, under the name by which engines and Kubernetes select it. */
export interface Handler {
  /** e.g. `kata-clh`, `gvisor`. */
  name: string;
  /** The shim as containerd names it, e.g. `io.containerd.kata-clh.v2`; `io.containerd.runc.v2` for an OCI runtime. */
  runtime: string;
  /** Path of the shim, where `runtime` is one of its own, or of the OCI runtime. */
  program: string;
  /** Path of the configuration that the shim is handed. */
  configPath?: string;
  /** Annotations of pods that reach the runtime, as patterns. */
  annotations?: string[];
  /** Where the runtime needs another one than the engine's own. */
  snapshotter?: string;
}

/** An OCI runtime is a program that containerd's usual shim calls; others bring a shim. */
export function isOciRuntime({ runtime }: Handler): boolean {
  return runtime === "io.containerd.runc.v2";
}
