import { MicrovmError } from "../errors";
import type { RootfsImageInputs } from "../generated/types";
import { command, installFile } from "../host/change";
import { ChangeError } from "../host/session";
import { quote } from "../ssh";

/** What a container image says of itself, and what a guest is told of it. */

/** A container image's program and its surroundings, as the guest's first process reads them. */
export interface Workload {
  /** Shell text for `/.microvm/workload`. Undefined where the image is a system with an init of its own. */
  script?: string;
  /** Seconds since 1970: when the image was made, as it says. 0 where it does not say. */
  created: number;
}

/** How images call the architectures that `uname -m` tells. */
const architectures: Record<string, string> = { x86_64: "amd64", aarch64: "arm64" };

export function imageArchitecture(machine: string): string {
  return architectures[machine] ?? machine;
}

/** Where container runtimes look for programs unless the image says otherwise. */
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** These want to be the first process themselves. */
const inits = ["/sbin/init", "/usr/sbin/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd"];

const signals =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM CHLD CONT STOP TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS".split(
    " ",
  );

/** Reads an image's configuration (JSON). Throws an `Error` whose message is the rest of "its configuration …". */
export function readWorkload(text: string): Workload {
  const image = record(parse(text), "is no object");
  const config = record(image.config ?? {}, "has a `config` that is no object");
  const created = Math.max(Math.floor(Date.parse(String(image.created)) / 1000) || 0, 0);
  const argv = [...list(config, "Entrypoint"), ...list(config, "Cmd")];
  if (!argv.length || (argv.length === 1 && inits.includes(argv[0] as string))) return { created };
  const variables = list(config, "Env").filter((entry) => entry.indexOf("=") > 0);
  const value = (name: string) => variables.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const path = value("PATH") ?? defaultPath;
  const environment = [
    ...(value("PATH") === undefined ? [quote(`PATH=${path}`)] : []),
    ...(value("HOME") === undefined ? ['"HOME=$home"'] : []),
    ...(value("HOSTNAME") === undefined ? ['"HOSTNAME=$hostname"'] : []),
    ...variables.map(quote),
  ];
  const script = [
    "# What the image says of its program. Made by pulumi-microvm; `init` beside it reads it.",
    `directory=${quote(word(config, "WorkingDir") || "/")}`,
    `user=${quote(word(config, "User"))}`,
    `stop_signal=${stopSignal(word(config, "StopSignal"))}`,
    `path=${quote(path)}`,
    // By way of setsid: env would take a program with a `=` in its name for a variable.
    `workload() { exec "$bb" env -i ${environment.join(" ")} "$bb" setsid "$@"; }`,
    ["set --", ...argv.map(quote)].join(" "),
    "",
  ].join("\n");
  return { script, created };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("is no JSON");
  }
}

function record(value: unknown, otherwise: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(otherwise);
  return value as Record<string, unknown>;
}

function list(config: Record<string, unknown>, name: string): string[] {
  const value = config[name] ?? [];
  if (!Array.isArray(value)) throw new Error(`has a \`${name}\` that is no list`);
  return value.map((item) => checked(item, name));
}

function word(config: Record<string, unknown>, name: string): string {
  return checked(config[name] ?? "", name);
}

function checked(value: unknown, name: string): string {
  if (typeof value !== "string") throw new Error(`has a \`${name}\` that is no text`);
  if (value.includes("\0")) throw new Error(`has a NUL character in \`${name}\``);
  return value;
}

/** By name without `SIG`, or by number: busybox knows no `RTMIN+3`, which systemd images have. */
function stopSignal(given: string): string {
  const name = given.replace(/^SIG/, "");
  const realtime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realtime) {
    const [, end, sign, offset = "0"] = realtime;
    return String((end === "MIN" ? 34 : 64) + Number(`${sign ?? ""}${offset}`));
  }
  if (name === "") return "TERM";
  if (!signals.includes(name) && !/^([1-9]|[1-5][0-9]|6[0-4])$/.test(name))
    throw new Error(`has the \`StopSignal\` ${JSON.stringify(given)}, which is none`);
  return name;
}

/** MiB of disk that an image may take, packed and unpacked. */
export function sizeBound(declared = 0): number {
  return Math.max(declared, 16384);
}

export interface Pulled {
  /** Of the image's manifest. */
  imageDigest: string;
  workload: Workload;
}

/** Where an image is, as a resource declares it. */
interface ImageSource {
  reference?: string;
  archive?: string;
  digest?: string;
  tls?: boolean;
}

interface Fetch {
  /** Directory of its own; an archive lies beside it as `.source`. */
  work: string;
  /** Architecture of the host, as `uname -m` tells it. */
  machine: string;
  /** MiB. Default: what an image may have by itself. */
  size?: number;
  /** The digest that the same declaration led to before. */
  pinned?: string;
  /** Whether it is left as it is packed, as an OCI layout at `layout`. */
  packed?: boolean;
}

/** Shell lines that get an image and leave the digest of its manifest in mv_said. */
export function fetchLines(source: ImageSource, { work, machine, size, pinned, packed }: Fetch): string[] {
  const { reference, archive, digest = pinned, tls } = source;
  const line = command(
    "/usr/lib/microvm/guest/unpack-container-image",
    ...(archive ? ["--archive", `${work}.source`] : ["--reference", named(reference as string, pinned)]),
    ...["--out", work, "--architecture", imageArchitecture(machine), "--max-mib", sizeBound(size)],
    ...(digest ? ["--digest", digest] : []),
    ...(tls === false ? ["--plain", "yes"] : []),
    ...(packed ? ["--packed", "yes"] : []),
  );
  return [
    "mv_progress 'getting the container image'",
    `mv_said=$(${line}) || mv_fail "\${mv_said%% *}" "\${mv_said#* }"`,
  ];
}

/**
 * Shell lines that leave the image's files at `tree` below the work directory, and hand back the digest of its manifest
 * and its configuration. `pinned` is the digest that the same declaration led to before.
 */
export function pullLines(
  { source, size }: RootfsImageInputs,
  work: string,
  machine: string,
  pinned?: string,
): string[] {
  return [
    ...fetchLines(source.oci ?? {}, { work, machine, size, pinned }),
    // Of all that the host reads, this alone is JSON that no program of the kit understands: perl-base has no reader for
    // it. So it makes the way to the program and back, and what it means is tested here.
    `mv_result imageDigest "$mv_said"; mv_result config "$(cat ${work}/config)"`,
  ];
}

/** Registries take a tag or a digest. */
function named(reference: string, pinned: string | undefined): string {
  const [name = "", digest = pinned] = reference.split("@");
  return digest ? `${name.replace(/:[^/:]*$/, "")}@${digest}` : name;
}

/** What the first half handed back. Throws where a guest cannot be made of it. */
export function pulled(values: Record<string, string>, subject: string): Pulled {
  try {
    return { imageDigest: values.imageDigest ?? "", workload: readWorkload(values.config ?? "") };
  } catch (error) {
    const said = (error as Error).message;
    // The object has begun by now, as with any change that failed half-way.
    throw new ChangeError({ code: "image-config", verb: "make", subject, cause: said }, said);
  }
}

/** Shell lines that make the unpacked files the root of a guest. */
export function guestLines({ script, created }: Workload, size: number | undefined, work: string): string[] {
  const tree = `${work}/tree`;
  const own = `${tree}/.microvm`;
  return [
    // First, since the image may have a link there that leads elsewhere on the host.
    `rm -rf ${own}`,
    ...(script === undefined
      ? [`[ -x ${tree}/sbin/init ] || [ -L ${tree}/sbin/init ] || mv_fail image-without-program ''`]
      : [
          installFile(`${own}/workload`, script),
          `install -m 0755 /usr/lib/microvm/guest/workload-init ${own}/init`,
          `install -m 0755 /bin/busybox ${own}/busybox`,
        ]),
    // Directories that no layer names were made just now: with the time of that, no two builds would be the same.
    `find ${tree} -newermt @${created} -exec touch -h -d @${created} {} +`,
    ...(size
      ? [
          `mv_used=$(du -sm ${tree} | cut -f 1)`,
          `[ "$mv_used" -le ${size} ] || mv_fail image-too-large "needs $mv_used MiB, and its size is declared as ${size} MiB"`,
        ]
      : []),
  ];
}

/** Words what went wrong with a container image; passes every other error on as it is. */
export function explainContainerImage(
  error: unknown,
  subject: string,
  digest: string | undefined,
  machine: string,
): unknown {
  if (!(error instanceof ChangeError)) return error;
  const { said } = error;
  const known: Record<string, [cause: string, hint: string]> = {
    "registry-unreachable": [
      `the host could not ask the registry for ${said}`,
      "Does the registry's name work from the host, and does the host know who signed its certificate? Else use an `archive`.",
    ],
    "registry-plain": [
      `the registry of ${said} does not speak TLS`,
      "Say `tls: false`, and the `digest` too, since anybody on the way could answer in its place.",
    ],
    "registry-denied": [
      `the registry does not give ${said} to anybody, or has no such image`,
      "Correct the reference, or log in on the host as root (`skopeo login`).",
    ],
    "image-unknown": [`the registry has no ${said}`, "Correct the name, the tag or the digest."],
    "image-fetch": [`the host could not get ${said}`, "What skopeo said is below."],
    "image-digest": [
      `its manifest has the digest ${said}, and ${digest} is declared`,
      "Declare that digest if this is the image that you mean; otherwise find out why it is another.",
    ],
    "image-archive": [
      `the archive ${said}`,
      "Give the archive of one image, as `docker save` or `skopeo copy … oci-archive:FILE` makes it.",
    ],
    "wrong-architecture": [
      `the image is for ${said}, and the host is ${imageArchitecture(machine)}`,
      "Use an image that is made for the host's architecture too.",
    ],
    "image-too-large": [`the image ${said}`, "Set `size` to what it needs, or use a smaller image."],
    "image-unpack": [
      `the image ${said}`,
      "What umoci said is below; it reads layers that are plain or packed with gzip.",
    ],
    "image-empty": [`the image ${said}`, "Use an image that has a program in it."],
    "image-config": [`the image's configuration ${said}`, "Build the image anew, or use another."],
    "image-without-program": [
      "the image names no program, and has no /sbin/init either",
      "Build it with an `ENTRYPOINT` or a `CMD`.",
    ],
  };
  const [cause, hint] = known[error.code] ?? [];
  if (!cause) return error;
  const { remote } = error.parts;
  return new MicrovmError({ code: error.code, verb: "make", subject, cause, hint, remote }, { cause: error });
}
