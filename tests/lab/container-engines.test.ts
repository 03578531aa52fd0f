import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MicrovmError } from "../../provider/errors";
import type {
  ContainerEngineReference,
  ContainerEngineState,
  GVisorState,
  KataRuntimeState,
} from "../../provider/generated/types";
import { type HostTarget, openHost } from "../../provider/host/session";
import type { Handler } from "../../provider/kata/handler";
import { registrations } from "../../provider/resources/container-engine";
import { closeAll } from "../../provider/ssh";
import { failure } from "../failure";
import { skip } from "../skip";
import { containerImage } from "./container-image";
import { hostInventory, inventoryChanges } from "./host-inventory";
import { kataArchive } from "./kata-archive";
import { Lab } from "./lab";
import { reference, World } from "./world";

const test = suite("container engines and runtimes");
const reason = Lab.unavailable();
if (reason) {
  skip("container engines and runtimes", reason);
} else {
  let lab: Lab;
  test.before(async () => {
    lab = await Lab.open(`e${process.pid % 100000}`);
    await Promise.all(
      (["bookworm", "trixie"] as const).map((release) =>
        lab.host(release.slice(0, 4), { suite: release, containers: true }),
      ),
    );
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  for (const name of ["book", "trix"]) {
    let world: World;
    let before: string[];
    let engine: ContainerEngineState;
    const onHost = (script: string) => lab.output(name, script);
    const main = "/etc/containerd/config.toml";
    const register = (more: object = {}) =>
      world.make<GVisorState>("GVisor", "gvisor", {
        engines: [reference("ContainerEngine", engine)],
        platform: "ptrace",
        network: "none",
        ...more,
      });

    test(`${name}: says what is to be done where there is no engine`, async () => {
      await lab.ssh(name, "apt-get update -q");
      // Some units run at the first boot only.
      await lab.reboot(name);
      before = await hostInventory(lab, name);
      world = new World(lab, name);
      await world.host();
      const { code, message } = await failure(world.make("ContainerEngine", "containerd", { kind: "containerd" }));
      assert.is(code, "engine-missing");
      assert.match(message, /install: true/);
    });

    test(`${name}: installs containerd, and leads it to a file of its own`, async () => {
      engine = await world.make<ContainerEngineState>("ContainerEngine", "containerd", {
        kind: "containerd",
        install: true,
      });
      assert.match(engine.version, name === "book" ? /^1\.6\./ : /^(1\.7|2)\./);
      assert.match(await onHost(`cat ${main}`), /imports = \[.*conf\.d\/zz-microvm\.toml"/);
      assert.equal(await world.drift(), {});
    });

    test(`${name}: what leads to that file is there only where the engine works with it`, async () => {
      const text = await onHost(`cat ${main}`);
      await world.remove("ContainerEngine", "containerd");
      // Without a package of ours this time: as an administrator has it.
      await lab.ssh(
        name,
        "DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends containerd",
        300_000,
      );
      const theirs = (await onHost(`cat ${main}`)).replace(
        "version = 2\n",
        'version = 2\n  imports = ["/etc/containerd/theirs.toml"]\n',
      );
      await onHost(
        `cat > ${main} <<'E'\n${theirs}E\necho 'version = 2' > /etc/containerd/theirs.toml; systemctl restart containerd`,
      );
      const make = () => world.make<ContainerEngineState>("ContainerEngine", "containerd", { kind: "containerd" });
      const unit = "/run/systemd/system/containerd.service.d";
      for (const [what, fault, code] of [
        ["a fault", `[Service]\nExecStartPre=/bin/sh -c '! grep -q zz-microvm ${main}'\n`, "engine-not-working"],
        ["a service that would end its containers", "[Service]\nKillMode=control-group\n", "engine-ends-containers"],
      ] as const) {
        await onHost(
          `mkdir -p ${unit}; printf "${fault.replaceAll('"', '\\"')}" > ${unit}/fault.conf; systemctl daemon-reload`,
        );
        const failed = await failure(make());
        assert.is(failed.code, code, failed.message);
        assert.is(await onHost(`cat ${main}`), theirs, what);
        assert.is((await onHost("ls -A /etc/containerd")).trim(), "config.toml\ntheirs.toml", what);
        await onHost(
          `rm -r ${unit}; systemctl daemon-reload; systemctl reset-failed containerd; systemctl restart containerd`,
        );
        assert.ok(await world.drift());
      }
      engine = await make();
      assert.match(
        await onHost(`cat ${main}`),
        /^ {2}imports = \["\/etc\/containerd\/theirs\.toml", ".*\/zz-microvm\.toml"\]$/m,
      );
      assert.equal(await world.drift(), {});
      // An administrator's note above, and another file that is read: the one stays, the other is taken in.
      await onHost(`sed -i '1i # ours' ${main}`);
      assert.equal(await world.drift(), {});
      await world.remove("ContainerEngine", "containerd");
      assert.is(await onHost(`cat ${main}`), `# ours\n${theirs}`);
      await onHost("systemctl restart containerd && ctr version > /dev/null");
      await lab.ssh(
        name,
        "apt-get purge -y -q containerd runc; rm -rf /etc/containerd /var/lib/containerd /etc/cni",
        300_000,
      );
      engine = await world.make<ContainerEngineState>("ContainerEngine", "containerd", {
        kind: "containerd",
        install: true,
      });
      assert.is(await onHost(`cat ${main}`), text);
    });

    test(`${name}: a runtime is registered, tried with a container, and its engine's containers run on`, async () => {
      const shims = () => onHost("pgrep -f containerd-shim | sort | tr '\\n' ' '");
      // Somebody's container, under the engine's own runtime.
      await onHost(
        "ip netns list > /dev/null; mkdir -p /srv/c/bin; cp /usr/bin/sleep /srv/c/bin/; for l in $(ldd /usr/bin/sleep | grep -o '/[^ )]*'); do mkdir -p /srv/c$(dirname $l); cp $l /srv/c$l; done",
      );
      await onHost("ctr -n theirs run -d --rootfs /srv/c theirs /bin/sleep 600 < /dev/null");
      const running = await onHost("ctr -n theirs task ls < /dev/null");
      assert.match(running, /RUNNING/);
      const gvisor = await register();
      assert.is(gvisor.verified, "a container ran under it");
      assert.match(await onHost(`containerd config dump`), /runtimes\.['"]?gvisor/);
      assert.is(await onHost("ctr -n theirs task ls < /dev/null"), running);
      assert.ok(await shims());
      assert.equal(await world.drift(), {});
    });

    test(`${name}: what the administrator has configured stays in effect, and is taken in when it changes`, async () => {
      await onHost(
        `cp -p ${main} /root/config.toml; printf '\\n[plugins."io.containerd.grpc.v1.cri"]\\n  sandbox_image = "registry.test/pause:1"\\n' > /root/more; grep -q grpc.v1.cri ${main} && sed -i 's|\\[plugins."io.containerd.grpc.v1.cri"\\]|&\\n  sandbox_image = "registry.test/pause:1"|' ${main} || cat /root/more >> ${main}`,
      );
      const drift = await world.drift();
      assert.match(String(drift["ContainerEngine/containerd"]), /has changed since/);
      await world.up();
      assert.equal(await world.drift(), {});
      const dump = await onHost("containerd config dump");
      assert.match(dump, /registry\.test\/pause:1/);
      assert.match(dump, /runtimes\.['"]?gvisor/);
      await onHost(`cp -p /root/config.toml ${main}; rm /root/config.toml /root/more`);
      await world.drift();
      await world.up();
    });

    test(`${name}: a drop-in that is changed or gone is told and repaired`, async () => {
      for (const damage of [`echo '# more' >> ${engine.dropIn}`, `rm ${engine.dropIn}`]) {
        await onHost(damage);
        assert.ok((await world.drift())["ContainerEngine/containerd"]);
        await world.up();
        assert.equal(await world.drift(), {});
      }
    });

    test(`${name}: an engine that is broken already is left alone, and said to be`, async () => {
      await onHost(`cp -p ${main} /root/config.toml; echo 'oom_score = = 1' >> ${main}`);
      const { code, message } = await failure(register({ handler: "gvisor-2" }));
      assert.ok(["engine-broken", "engine-config"].includes(code), message);
      await onHost(`cp -p /root/config.toml ${main}; rm /root/config.toml`);
      await register();
      assert.equal(await world.drift(), {});
    });

    test(`${name}: an engine that does not come up with a change has its former state back`, async () => {
      const text = await onHost(`cat ${engine.dropIn}`);
      // As if the engine had a fault that its own check does not find.
      await onHost(
        "mkdir -p /run/systemd/system/containerd.service.d; printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q gvisor-2 %s\"\\n' " +
          `${engine.dropIn} > /run/systemd/system/containerd.service.d/fault.conf; systemctl daemon-reload`,
      );
      const { code, message } = await failure(register({ handler: "gvisor-2" }));
      assert.is(code, "engine-not-working", message);
      assert.is(await onHost(`cat ${engine.dropIn}`), text);
      assert.match(await onHost("ctr -n theirs task ls < /dev/null"), /RUNNING/);
      await onHost(
        "rm -r /run/systemd/system/containerd.service.d; systemctl daemon-reload; systemctl reset-failed containerd",
      );
      await register();
      assert.equal(await world.drift(), {});
    });

    test(`${name}: of two runtimes that come at once, the one that it does not take is refused alone`, async () => {
      await onHost(
        "mkdir -p /run/systemd/system/containerd.service.d; printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q odd %s\"\\n' " +
          `${engine.dropIn} > /run/systemd/system/containerd.service.d/fault.conf; systemctl daemon-reload`,
      );
      const { name: host, connection } = world.hostReference;
      const session = openHost({ name: host as string, connection: connection as HostTarget["connection"] });
      const engines = [reference("ContainerEngine", engine) as unknown as ContainerEngineReference];
      const parts = () => onHost("ls /etc/microvm/engines/containerd/handlers");
      const apply = (owner: string, handlers: Handler[]) =>
        session.apply({ purpose: `register ${owner}`, ...registrations({ engines }, owner, handlers) });
      const runtime = (handler: string) => ({ name: handler, runtime: "io.containerd.runc.v2", program: "/bin/true" });
      // In whatever order they come.
      for (const owners of [
        ["Test-even", "Test-odd"],
        ["Test-odd", "Test-even"],
      ]) {
        const outcomes = await Promise.all(
          owners.map((owner) =>
            apply(owner, [runtime(owner.slice(5))]).then(
              () => `${owner} is taken`,
              (error: MicrovmError) => `${owner} is refused: ${error.code}`,
            ),
          ),
        );
        assert.equal(outcomes.sort(), ["Test-even is taken", "Test-odd is refused: engine-not-working"]);
        assert.is(await parts(), "GVisor-gvisor.gvisor\nTest-even.even\n");
        assert.match(await onHost("containerd config dump"), /runtimes\.['"]?even/);
        await apply("Test-even", []);
        assert.is(await parts(), "GVisor-gvisor.gvisor\n");
        assert.equal(await world.drift(), {});
      }
      await onHost("rm -r /run/systemd/system/containerd.service.d; systemctl daemon-reload");
    });

    test(`${name}: an engine whose service would end its containers is not restarted`, async () => {
      await onHost(
        "mkdir -p /run/systemd/system/containerd.service.d; printf '[Service]\\nKillMode=control-group\\n' > /run/systemd/system/containerd.service.d/kill.conf; systemctl daemon-reload",
      );
      assert.is((await failure(register({ handler: "gvisor-2" }))).code, "engine-ends-containers");
      assert.match(await onHost("ctr -n theirs task ls < /dev/null"), /RUNNING/);
      await onHost("rm -r /run/systemd/system/containerd.service.d; systemctl daemon-reload");
      await register();
    });

    test(`${name}: after a power cut between the files and the restart, the next up completes`, async () => {
      await onHost(`rm /etc/microvm/engines/containerd/applied`);
      await lab.powerLoss(name);
      assert.ok((await world.drift())["ContainerEngine/containerd"]);
      await world.up();
      assert.equal(await world.drift(), {});
    });

    test(`${name}: what is used is not deleted, and all of it goes without a trace`, async () => {
      const { code, message } = await failure(world.remove("ContainerEngine", "containerd"));
      assert.is(code, "engine-in-use", message);
      await onHost("ctr -n theirs container rm theirs < /dev/null || true");
      await onHost("rm -rf /srv/c");
      await world.destroy();
      assert.equal(inventoryChanges(before, await hostInventory(lab, name)), []);
    });
  }

  test("docker: a runtime is registered beside what its administrator says, without a restart, and taken back", async () => {
    await lab.host("dock", { suite: "trixie", containers: true });
    const onHost = (script: string) => lab.output("dock", script);
    const asked = '{ "log-level": "warn",\n  "runtimes": { "theirs": { "path": "/usr/bin/runc" } } }\n';
    await onHost(`mkdir -p /etc/docker; cat > /etc/docker/daemon.json <<'E'\n${asked}E`);
    const installed = await lab.ssh(
      "dock",
      "apt-get update -q; DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends docker.io docker-cli",
      300_000,
    );
    assert.is(installed.code, 0, installed.stderr);
    const world = new World(lab, "dock");
    await world.host();
    const pid = await onHost("systemctl show -P MainPID docker");
    const engine = await world.make<ContainerEngineState>("ContainerEngine", "docker", { kind: "docker" });
    await world.make<GVisorState>("GVisor", "gvisor", {
      engines: [reference("ContainerEngine", engine)],
      platform: "ptrace",
      network: "none",
    });
    assert.equal(await world.drift(), {});
    const { runtimes, ...rest } = JSON.parse(await onHost("cat /etc/docker/daemon.json"));
    assert.equal([Object.keys(runtimes), rest], [["theirs", "gvisor"], { "log-level": "warn" }]);
    const root = join((lab.hosts.find(({ name }) => name === "dock") as { root: string }).root, "srv/root");
    mkdirSync(root);
    copyFileSync("/bin/busybox", join(root, "busybox"));
    await onHost("tar -C /srv/root -c . | docker import - t:1 > /dev/null; rm -r /srv/root");
    assert.match(await onHost("docker run --rm --network none --runtime gvisor t:1 /busybox uname -r"), /^4\.4\.0/);
    await world.destroy();
    assert.is(await onHost("cat /etc/docker/daemon.json"), asked);
    assert.is(await onHost("systemctl show -P MainPID docker"), pid);
    assert.not.match(await onHost("docker info -f '{{json .Runtimes}}'"), /gvisor/);
  });

  test("kata: handlers are registered, an upgrade restarts no engine, and a container that cannot have its machine says why", async () => {
    const { root } = await lab.host("kata", { suite: "bookworm", containers: true });
    const onHost = (script: string) => lab.output("kata", script);
    await lab.ssh("kata", "apt-get update -q");
    const before = await hostInventory(lab, "kata");
    const scratch = mkdtempSync(join(tmpdir(), "microvm-kata-"));
    try {
      const file = (version: string) => kataArchive(scratch, { version, process: join(root, "usr/bin/dash") });
      const world = new World(lab, "kata");
      await world.host();
      const engine = reference(
        "ContainerEngine",
        await world.make<ContainerEngineState>("ContainerEngine", "containerd", { kind: "containerd", install: true }),
      );
      const kata = (version: string, handlers: object[]) =>
        world.make<KataRuntimeState>("KataRuntime", "kata", {
          version,
          source: { file: file(version) },
          engines: [engine],
          handlers,
        });
      const clh = { name: "kata-clh", vmm: "clh" };
      const made = await kata("3.32.0", [clh, { name: "kata-qemu", vmm: "qemu" }]);
      const shown = async () =>
        (await onHost("containerd config dump")).match(/runtimes\.['"]?kata-[a-z]*(?=['"]?\])/g) ?? [];
      assert.is((await shown()).length, 2);
      assert.match(await onHost("containerd config dump"), /ConfigPath = ['"].*kata-clh\/configuration\.toml/);
      assert.equal(await world.drift(), {});
      // Neither another release nor what a handler gives its guests is any of the engine's business.
      const pid = await onHost("systemctl show -P MainPID containerd");
      await kata("3.20.0", [
        { ...clh, defaultMemory: 512 },
        { name: "kata-qemu", vmm: "qemu" },
      ]);
      assert.is(await onHost("systemctl show -P MainPID containerd"), pid);
      await kata("3.20.0", [clh]);
      assert.is((await shown()).length, 1);
      assert.is.not(await onHost("systemctl show -P MainPID containerd"), pid);
      const image = { archive: containerImage({ entrypoint: ["/bin/sleep", "1000"], env: ["PATH=/bin"] }).path };
      const handled = { engine, image, kata: reference("KataRuntime", made), restart: "never" };
      const refused = await failure(world.make("Container", "machine", { ...handled, isolation: "vm" }));
      if (refused.code !== "no-runtime") assert.is(refused.code, "container-start-failed", refused.message);
      else assert.match(refused.message, /no usable KVM/);
      // The stand-in for Kata's shim starts no machine: containerd finds it by its name, and says what it did not do.
      const failed = await failure(world.make("Container", "named", { ...handled, handler: "kata-clh" }));
      assert.ok(["container-start-failed", "container-ended"].includes(failed.code), failed.message);
      assert.match(failed.message, /shim/);
      assert.is((await failure(world.remove("KataRuntime", "kata"))).code, "runtime-in-use");
      await world.destroy();
      assert.equal(inventoryChanges(before, await hostInventory(lab, "kata")), []);
    } finally {
      rmSync(scratch, { recursive: true });
    }
  });
}

test.run();
