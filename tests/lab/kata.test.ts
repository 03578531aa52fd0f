import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { KataRuntimeState, VmmState } from "../../provider/generated/types";
import { UnfinishedError } from "../../provider/resource";
import { closeAll } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { type KataArchive, kataArchive } from "./kata-archive";
import { Lab } from "./lab";
import { World } from "./world";

const test = suite("Kata on a host");
const reason = Lab.unavailable();
if (reason) {
  skip("Kata on a host", reason);
} else {
  let lab: Lab;
  let world: World;
  let scratch: string;
  let before: string[];
  const archives: Record<string, string> = {};

  const onHost = (script: string) => lab.output("h1", script);
  const archive = (more: Omit<KataArchive, "process">) => {
    const { root } = lab.hosts[0] as { root: string };
    return kataArchive(scratch, { ...more, process: join(root, "usr/bin/dash") });
  };
  const qemu = { name: "kata-qemu", vmm: "qemu" };
  const clh = { name: "kata-clh", vmm: "clh" };
  const declared = (version: string, more: object = {}) => ({
    version,
    source: { file: archives[version] },
    handlers: [qemu, clh],
    ...more,
  });
  const kata = (version: string, more: object = {}) =>
    world.make<KataRuntimeState>("KataRuntime", "kata", declared(version, more));
  const merged = (handler: string) =>
    onHost(
      `cat /etc/microvm/katas/kata/handlers/${handler}/configuration.toml /etc/microvm/katas/kata/handlers/${handler}/config.d/*`,
    );
  const trees = async () =>
    (await onHost("ls /var/lib/microvm/kata | grep -v '[.]' || true")).split("\n").filter(Boolean);
  /** What a container engine does to start a container; returns the process that stays. */
  const start = async (handler: string, id: string) => {
    await onHost(`containerd-shim-${handler}-v2 -namespace k8s.io -id ${id} start`);
    return (await onHost(`pgrep -f -- '-id ${id}$'`)).trim();
  };
  const stop = (pid: string) => onHost(`kill -KILL ${pid}; while [ -e /proc/${pid} ]; do sleep 0.1; done`);
  const digestOf = (version: string) =>
    createHash("sha256")
      .update(readFileSync(archives[version] as string))
      .digest("hex");
  const leftovers = async () =>
    (
      await lab.exec(
        "h1",
        "find /var/lib/microvm /etc/microvm /usr/local/bin -mindepth 1 ! -type d ! -path '/etc/microvm/hosts/*' ! -path /etc/microvm/packages",
      )
    ).stdout
      .trim()
      .split("\n")
      .filter(Boolean);

  test.before(async () => {
    lab = await Lab.open(`k${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    before = await hostInventory(lab, "h1");
    scratch = mkdtempSync(join(tmpdir(), "microvm-kata-"));
    archives["3.20.0"] = archive({ version: "3.20.0", runtimes: ["go", "rust"], compression: "xz" });
    archives["3.32.0"] = archive({ version: "3.32.0", runtimes: ["go", "rust"] });
    archives["4.0.0"] = archive({ version: "4.0.0", runtimes: ["go", "rust"] });
    world = new World(lab, "h1");
    await world.host();
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
    if (scratch) rmSync(scratch, { recursive: true, force: true });
  });

  test("is installed with its handlers, and says what it could not verify", async () => {
    const state = await kata("3.20.0", { handlers: [{ ...qemu, defaultMemory: 512 }, clh] });
    assert.is(state.installedVersion, "3.20.0");
    assert.is(state.digest, digestOf("3.20.0"));
    assert.equal(state.runtimes, ["go", "rust"]);
    assert.is((await onHost(`cat /var/lib/microvm/kata/${state.digest}/opt/kata/VERSION`)).trim(), "3.20.0");
    const [first, second] = state.installedHandlers;
    assert.is(first?.hypervisorPath, `/var/lib/microvm/kata/${state.digest}/opt/kata/bin/qemu-system-x86_64`);
    assert.is(first?.hypervisorVersion, "11.0.1");
    assert.is(second?.hypervisorVersion, "53.0.0");
    assert.equal(
      (state.findings ?? []).map((finding) => /vhost_[a-z]+/.exec(finding)?.[0]),
      (await onHost("for d in vhost-vsock vhost-net; do [ -e /dev/$d ] || echo $d; done"))
        .split("\n")
        .filter(Boolean)
        .map((device) => device.replace("-", "_")),
    );
    assert.match(first?.verified ?? "", /Kata's check of the host failed: .*not capable of running Kata Containers/);
    assert.equal(state.runtimeClasses?.[0], {
      name: "kata-qemu",
      handler: "kata-qemu",
      overhead: { memory: "160Mi", cpu: "250m" },
      nodeSelector: { "katacontainers.io/kata-runtime": "true", "microvm.dev/kata-qemu": "true" },
    });
    assert.match(await merged("kata-qemu"), /^default_memory = 512$/m);
    const shipped = await onHost(
      `cmp /etc/microvm/katas/kata/handlers/kata-qemu/configuration.toml /var/lib/microvm/kata/${state.digest}/opt/kata/share/defaults/kata-containers/configuration-qemu.toml && echo same`,
    );
    assert.is(shipped, "same\n");
    assert.equal(await world.drift(), {});
    assert.equal(await world.up(), {});
  });

  test("its shims are found by the names that engines look for", async () => {
    const pid = await start("kata-clh", "c0");
    assert.match(await onHost(`readlink /proc/${pid}/exe`), /^\/var\/lib\/microvm\/kata\/[0-9a-f]{64}\/opt\/kata\//);
    const environment = await onHost(`tr '\\0' '\\n' < /proc/${pid}/environ`);
    assert.match(environment, /^MICROVM_KATA=kata\/kata-clh$/m);
    assert.match(environment, /^KATA_CONF_FILE=\/etc\/microvm\/katas\/kata\/handlers\/kata-clh\/configuration\.toml$/m);
    await stop(pid);
  });

  test("two releases are side by side, and share what they have in common", async () => {
    // A third of the same release takes no more room, also where both are made at once.
    const [other] = await Promise.all([
      world.make<KataRuntimeState>("KataRuntime", "next", {
        ...declared("4.0.0"),
        handlers: [
          { name: "kata-next", vmm: "clh" },
          { name: "kata-db", vmm: "dragonball" },
          { name: "kata-go", vmm: "qemu", runtime: "go" },
        ],
      }),
      world.make("KataRuntime", "third", { ...declared("4.0.0"), handlers: [{ name: "kata-3", vmm: "qemu" }] }),
    ]);
    assert.is((await trees()).length, 2);
    const [rust, dragonball, go] = other.installedHandlers;
    assert.is(rust?.runtime, "rust");
    assert.match(rust?.verified ?? "", /no program that reads a configuration of the Rust runtime/);
    assert.is(dragonball?.hypervisorPath, "");
    assert.is(go?.runtime, "go");
    assert.not.match(await onHost("cat /usr/local/bin/containerd-shim-kata-next-v2"), /KATA_CONF_FILE/);
    await world.remove("KataRuntime", "third");
    assert.is((await trees()).length, 2);
    assert.equal(await world.drift(), {});
  });

  test("from 4.1 on a handler has its files from both archives, where each holds some", async () => {
    const bin = "opt/kata/bin";
    archives["4.1.0"] = archive({
      version: "4.1.0",
      runtimes: ["rust"],
      without: [`${bin}/firecracker`, `${bin}/jailer`],
    });
    const goSource = { file: archive({ version: "4.1.0", runtimes: ["go"], more: { "opt/kata/go": "go" } }) };
    const fc = { vmm: "fc", snapshotter: "devmapper" };
    const state = await world.make<KataRuntimeState>("KataRuntime", "split", {
      ...declared("4.1.0"),
      goSource,
      handlers: [
        { ...fc, name: "kata-fc-rs", runtime: "rust" },
        { ...fc, name: "kata-fc-go" },
      ],
    });
    assert.equal(state.runtimes, ["go", "rust"]);
    const [rust, go] = state.installedHandlers;
    const tree = (digest: string) => `/var/lib/microvm/kata/${digest}/opt/kata`;
    assert.is(rust?.hypervisorPath, `${tree(state.goDigest)}/bin/firecracker`);
    assert.is(go?.hypervisorPath, rust?.hypervisorPath);
    const dropIn = await onHost("cat /etc/microvm/katas/split/handlers/kata-fc-rs/config.d/*");
    assert.ok(dropIn.includes(`kernel = "${tree(state.digest)}/share/kata-containers/vmlinux.container"`), dropIn);
    assert.ok(dropIn.includes(`jailer_path = "${tree(state.goDigest)}/bin/jailer"`), dropIn);
    // With the one archive alone there is no Firecracker.
    const lone = { ...declared("4.1.0"), handlers: [{ ...fc, name: "kata-fc-rs", runtime: "rust" }] };
    assert.match((await failure(world.make("KataRuntime", "split", lone))).message, /goSource\.sha256: is required/);
    await world.remove("KataRuntime", "split");
    assert.is((await trees()).length, 2);
  });

  test("a VMM of ours takes the place of Kata's", async () => {
    const monitor = await world.make<VmmState>("Vmm", "qemu", { kind: "qemu" });
    const state = await kata("3.20.0", { handlers: [{ ...qemu, monitor }, clh] });
    assert.is(state.installedHandlers[0]?.hypervisorPath, monitor.path);
    assert.is(state.installedHandlers[0]?.hypervisorVersion, monitor.installedVersion);
    assert.match(await merged("kata-qemu"), new RegExp(`^path = "${monitor.path}"$`, "m"));
    assert.equal(await world.drift(), {});
    await kata("3.20.0");
    await world.remove("Vmm", "qemu");
  });

  test("another program's runtime is not touched unless it is adopted", async () => {
    const stranger = new World(lab, "h1", "stranger");
    await stranger.host();
    const error = await failure(stranger.make("KataRuntime", "kata", declared("3.20.0")));
    assert.is(error.code, "not-ours");
    await stranger.make("KataRuntime", "kata", { ...declared("3.20.0"), adopt: true });
    assert.equal((await world.drift())["KataRuntime/kata"], ["gone"]);
    await kata("3.20.0", { adopt: true });
    assert.equal((await stranger.drift())["KataRuntime/kata"], ["gone"]);
    await stranger.destroy();
    assert.equal(await world.drift(), {});
  });

  test("a handler's name that somebody else has is refused", async () => {
    const handlers = [{ name: "kata-next", vmm: "qemu" }];
    const error = await failure(world.make("KataRuntime", "twin", { ...declared("4.0.0"), handlers }));
    assert.is(error.code, "kata-name-taken");
    assert.match(error.message, /kata-next of KataRuntime next/);
    await world.remove("KataRuntime", "twin");
    await onHost("echo theirs > /usr/local/bin/containerd-shim-kata-x-v2");
    const theirs = await failure(
      world.make("KataRuntime", "twin", { ...declared("4.0.0"), handlers: [{ name: "kata-x", vmm: "qemu" }] }),
    );
    assert.is(theirs.code, "kata-name-taken");
    await world.remove("KataRuntime", "twin");
    assert.is(await onHost("cat /usr/local/bin/containerd-shim-kata-x-v2"), "theirs\n");
    await onHost("rm /usr/local/bin/containerd-shim-kata-x-v2");
    await world.remove("KataRuntime", "next");
    assert.is((await trees()).length, 1);
  });

  test("an upgrade while a container of the old release runs leaves it what it has, until it ends", async () => {
    const old = digestOf("3.20.0");
    const pid = await start("kata-qemu", "c1");
    const paths =
      "readlink -f /usr/local/bin/containerd-shim-kata-qemu-v2; ls /etc/microvm/katas/kata/handlers/*/configuration.toml";
    const state = await kata("3.32.0");
    assert.equal((await trees()).sort(), [old, digestOf("3.32.0")].sort());
    assert.is(
      await onHost(`readlink /proc/${pid}/exe`),
      `/var/lib/microvm/kata/${old}/opt/kata/libexec/shim-process\n`,
    );
    assert.equal(await world.drift(), {});
    assert.is(state.installedHandlers[0]?.configPath, "/etc/microvm/katas/kata/handlers/kata-qemu/configuration.toml");
    assert.match(await onHost(paths), /kata-qemu\/configuration\.toml/);
    // New containers are of the new one.
    const next = await start("kata-qemu", "c2");
    assert.match(await onHost(`readlink /proc/${next}/exe`), new RegExp(digestOf("3.32.0")));
    // Neither the runtime nor a handler goes while its containers run.
    const whole = await failure(world.remove("KataRuntime", "kata"));
    assert.is(whole.code, "kata-in-use");
    assert.match(whole.message, /k8s\.io\/c1 \(kata-qemu\), k8s\.io\/c2 \(kata-qemu\)/);
    const part = await failure(kata("3.32.0", { handlers: [clh] }));
    assert.is(part.code, "kata-in-use");
    await kata("3.32.0");
    await stop(pid);
    assert.match((await world.drift())["KataRuntime/kata"]?.join() ?? "", /nothing runs from the former release/);
    await world.up();
    assert.equal(await trees(), [digestOf("3.32.0")]);
    assert.equal(await world.drift(), {});
    await stop(next);
  });

  test("a downgrade is the same", async () => {
    const state = await kata("3.20.0");
    assert.is(state.installedVersion, "3.20.0");
    assert.equal(await trees(), [digestOf("3.20.0")]);
    assert.equal(await world.drift(), {});
    await kata("3.32.0");
  });

  for (const [what, damage, sentence] of [
    [
      "a drop-in changed",
      "echo 'default_vcpus = 99' >> $h/kata-clh/config.d/50-microvm.toml",
      /50-microvm\.toml was changed/,
    ],
    ["a drop-in of somebody else's", "echo > $h/kata-clh/config.d/README", /README is not ours, and Kata reads it/],
    ["the shipped configuration edited", "echo >> $h/kata-qemu/configuration.toml", /configuration\.toml was changed/],
    ["the handlers gone", "rm /etc/microvm/katas/kata/handlers", /handlers is missing/],
    ["a shim's name gone", "rm /usr/local/bin/containerd-shim-kata-clh-v2", /does not lead to the shim of kata-clh/],
    ["a file of the release changed", "echo x >> $t/opt/kata/share/kata-containers/vmlinux-6.18", /were changed/],
    ["a file added to the release", "touch $t/opt/kata/bin/more", /were changed/],
    ["the release gone", "rm -rf $t", /are missing from/],
  ] as const) {
    test(`drift: ${what}`, async () => {
      await onHost(`h=/etc/microvm/katas/kata/handlers t=/var/lib/microvm/kata/${digestOf("3.32.0")}; ${damage}`);
      assert.match((await world.drift())["KataRuntime/kata"]?.join("\n") ?? "", sentence);
      assert.equal(await world.up(), { "KataRuntime/kata": "update" });
      assert.equal(await world.drift(), {});
      assert.not.match(await merged("kata-clh"), /default_vcpus = 99/);
    });
  }

  test("files whose times alone differ are no drift", async () => {
    await onHost(`touch /var/lib/microvm/kata/${digestOf("3.32.0")}/opt/kata/VERSION`);
    assert.equal(await world.drift(), {});
  });

  test("a configuration that Kata refuses leaves the former in place", async () => {
    const inPlace = await merged("kata-qemu");
    await onHost("echo theirs > /root/image");
    const error = await failure(kata("3.32.0", { handlers: [{ ...qemu, image: "/root/none" }, clh] }));
    assert.is(error.code, "kata-file-missing");
    // The stand-in knows fewer keys than it ships: as a release does whose own file it would refuse.
    archives["3.31.0"] = archive({
      version: "3.31.0",
      more: {
        "opt/kata/share/defaults/kata-containers/configuration-qemu.toml":
          '[hypervisor.qemu]\npath = "/opt/kata/bin/qemu-system-x86_64"\nkernel = "/opt/kata/share/kata-containers/vmlinux.container"\nimage = "/opt/kata/share/kata-containers/kata-containers.img"\nbogus = "/opt/kata/x"\n',
      },
    });
    const refused = await failure(kata("3.31.0"));
    assert.is(refused.code, "kata-refused");
    assert.match(refused.message, /handler kata-qemu: .*key "bogus" not found/);
    assert.is(await merged("kata-qemu"), inPlace);
    await kata("3.32.0", { handlers: [{ ...qemu, image: "/root/image", kernelParams: ["a=b"] }, clh] });
    assert.match(await merged("kata-qemu"), /^image = "\/root\/image"$/m);
    assert.match(await merged("kata-qemu"), /^kernel_params = "quiet a=b"$/m);
    await kata("3.32.0");
    await onHost("rm /root/image");
    assert.equal(await trees(), [digestOf("3.32.0")]);
    assert.equal(await world.drift(), {});
  });

  test("a VMM of Kata's with published flaws is refused once it is seen, and what to do is said", async () => {
    archives["3.30.0"] = archive({ version: "3.30.0", cloudHypervisor: "51.1.0" });
    // The preview knows what the official release holds.
    const early = await failure(kata("3.30.0", { source: { sha256: digestOf("3.30.0") } }));
    assert.match(early.message, /handlers\[1\]\.monitor: .*CVE-2026-45782.*`monitor`/);
    // Of an archive that it does not know, the program is asked.
    const late = await failure(kata("3.30.0"));
    assert.is(late.code, "vmm-vulnerable");
    assert.match(late.message, /CVE-2026-45782.*`monitor`/);
    assert.match(await onHost("cat /usr/local/bin/containerd-shim-kata-clh-v2"), /Kata 3\.32\.0/);
    await kata("3.32.0");
  });

  test("after a reboot of the host all is as it was", async () => {
    await closeAll();
    await lab.reboot("h1");
    assert.equal(await world.drift(), {});
  });

  test("goes again without a trace", async () => {
    await world.remove("KataRuntime", "kata");
    assert.equal(await leftovers(), []);
  });

  for (const [what, make, pattern] of [
    ["that is cut short", (whole: Buffer) => whole.subarray(0, whole.length - 500), /damaged or cut short/],
    [
      "that is damaged",
      (whole: Buffer) => Buffer.concat([whole.subarray(0, 3000), Buffer.alloc(64), whole.subarray(3064)]),
      /damaged/,
    ],
    ["that is none", () => Buffer.from("no archive\n"), /neither \.tar\.xz nor \.tar\.zst/],
  ] as const) {
    test(`an archive ${what} is refused, and leaves nothing behind`, async () => {
      const file = join(scratch, "bad");
      writeFileSync(file, make(readFileSync(archives["3.32.0"] as string)));
      const error = await failure(kata("3.32.0", { source: { file } }));
      assert.is(error.code, "kata-broken");
      assert.match(error.message, pattern);
      assert.instance(error, UnfinishedError);
      assert.equal(await onHost("find /var/lib/microvm -mindepth 1 | grep kata || true"), "");
      await world.remove("KataRuntime", "kata");
      assert.equal(await leftovers(), []);
    });
  }

  for (const [what, make, pattern] of [
    ["a file outside of /opt/kata", "cp /bin/true evil; tar -rf t evil", /it holds evil, outside of/],
    [
      "a file at an absolute path",
      "touch evil; tar -rPf t --transform 's,evil,/opt/kata/evil,' evil",
      /it holds \/opt\/kata\/evil, outside of/,
    ],
    [
      "a path that leads out",
      "touch evil; tar -rPf t --transform 's,evil,opt/kata/../../evil,' evil",
      /it holds opt\/kata\/\.\.\/\.\.\/evil, outside of/,
    ],
    ["a device", "mkdir -p opt/kata; mknod opt/kata/null c 1 3; tar -rf t opt", /opt\/kata\/null, which is neither/],
    [
      "a link to the host's files",
      "mkdir -p opt/kata; ln -s /etc/shadow opt/kata/x; tar -rf t opt",
      /links to \/etc\/shadow, outside of/,
    ],
    [
      "a link that climbs out",
      "mkdir -p opt/kata; ln -s ../../../../x opt/kata/x; tar -rf t opt",
      /links to \.\.\/\.\.\/\.\.\/\.\.\/x, outside of/,
    ],
    ["no version", "tar --delete -f t ./opt/kata/VERSION", /it holds no \/opt\/kata\/VERSION/],
  ] as const) {
    test(`an archive with ${what} is refused`, async () => {
      const work = mkdtempSync(join(scratch, "evil-"));
      const script = `cd ${work}; zstd -dqc ${archives["3.32.0"]} > t; ${make}; zstd -q t -o archive`;
      execFileSync("sh", ["-euc", script], { stdio: ["ignore", "ignore", "inherit"] });
      const error = await failure(kata("3.32.0", { source: { file: join(work, "archive") } }));
      assert.is(error.code, "kata-broken");
      assert.match(error.message, pattern);
      assert.equal(
        await onHost("find /var/lib/microvm -mindepth 1 | grep kata || true; ls -d /evil 2> /dev/null || true"),
        "",
      );
    });
  }

  test("a link within the release may be absolute, and leads there wherever the release lies", async () => {
    archives["3.27.0"] = archive({ version: "3.27.0", more: { "opt/kata/share/v": "->/opt/kata/VERSION" } });
    const { digest } = await kata("3.27.0");
    assert.is(await onHost(`cat /var/lib/microvm/kata/${digest}/opt/kata/share/v`), "3.27.0\n");
    await world.remove("KataRuntime", "kata");
    assert.equal(await leftovers(), []);
  });

  test("an archive of another release, or with another digest, is refused", async () => {
    const error = await failure(kata("3.28.0", { source: { file: archives["3.32.0"] }, handlers: [qemu] }));
    assert.is(error.code, "kata-broken");
    assert.match(error.message, /it is Kata 3\.32\.0, and 3\.28\.0 is declared/);
    await world.remove("KataRuntime", "kata");
    const wrong = "0".repeat(64);
    const local = await failure(kata("3.32.0", { source: { file: archives["3.32.0"], sha256: wrong } }));
    assert.match(local.message, new RegExp(`${digestOf("3.32.0")}.*${wrong}`));
    assert.equal(await leftovers(), []);
  });

  test("a full disk is an error that says so, and the next run goes on once there is space", async () => {
    archives["3.29.0"] = archive({ version: "3.29.0", bulk: 6 << 20 });
    await lab.smallDisk("h1", "/var/lib/microvm", 10);
    const error = await failure(kata("3.29.0", { handlers: [qemu] }));
    assert.is(error.code, "disk-full");
    assert.instance(error, UnfinishedError);
    assert.is(await onHost("find /var/lib/microvm -mindepth 1"), "");
    await lab.exec("h1", "umount /var/lib/microvm");
    assert.ok((await world.drift())["KataRuntime/kata"]);
    await kata("3.29.0", { handlers: [qemu] });
    assert.equal(await world.drift(), {});
    await world.remove("KataRuntime", "kata");
    assert.equal(await leftovers(), []);
  });

  test("a power cut between unpacking and configuring is continued by the next run", async () => {
    const making = failure(kata("3.29.0", { handlers: [qemu] }));
    const tree = `/var/lib/microvm/kata/${digestOf("3.29.0")}`;
    for (let tries = 0; tries < 600; tries++) {
      if ((await lab.exec("h1", `ls -d ${tree} /var/lib/microvm/kata/.*.new 2> /dev/null`)).stdout) break;
    }
    await lab.powerLoss("h1");
    const error = await making;
    assert.is(error.code, "link-lost");
    await kata("3.29.0", { handlers: [qemu] });
    assert.equal(await world.drift(), {});
    assert.equal(await trees(), [digestOf("3.29.0")]);
    await world.remove("KataRuntime", "kata");
    assert.equal(await leftovers(), []);
  });

  const real = process.env.MICROVM_TEST_KATA;
  const [, go, version] = /kata-(go-)?static-([0-9.]+)-/.exec(basename(real ?? "")) ?? [];
  if (!real || !version) {
    skip("a real release of Kata", "MICROVM_TEST_KATA names no kata-static-*.tar.* or kata-go-static-*.tar.*");
  } else {
    test("a real release reads the handlers' configurations", async () => {
      const state = await world.make<KataRuntimeState>("KataRuntime", "real", {
        version,
        [go ? "goSource" : "source"]: { file: real },
        allowVulnerable: true,
        handlers: [
          { name: "kata-clh", vmm: "clh", defaultMemory: 512, debug: true, annotations: ["default_vcpus"] },
          { name: "kata-fc", vmm: "fc", snapshotter: "devmapper", kernelParams: ["a.b=c"] },
          { name: "kata-qemu", vmm: "qemu", initrd: "shipped" },
        ].map((handler) => (go ? { ...handler, runtime: "go" } : handler)),
      });
      for (const { name, verified, hypervisorVersion } of state.installedHandlers)
        process.stdout.write(`# real ${version} ${name}: ${hypervisorVersion}: ${verified}\n`);
      assert.equal(await world.drift(), {});
      const memory = await onHost(
        `${state.installedHandlers[0]?.hypervisorPath.replace("cloud-hypervisor", "kata-runtime")} --config ${state.installedHandlers[0]?.configPath} env --json | grep -c ${state.digest || state.goDigest}`,
      );
      assert.ok(Number(memory) > 2, memory);
      await world.remove("KataRuntime", "real");
      assert.equal(await leftovers(), []);
    });
  }

  test("destroy leaves the host as it was", async () => {
    await world.destroy();
    assert.equal(inventoryChanges(before, await hostInventory(lab, "h1")), []);
  });

  test.run();
}
