import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { read } from "../../provider/lifecycle";
import { closeAll, connect, digestFile } from "../../provider/ssh";
import type { RoundTrip } from "../../provider/ssh/trace";
import { skip } from "../skip";
import { engineParallelism, inFlight } from "./in-flight";
import { Lab } from "./lab";
import { roundTripsOf, startCold } from "./round-trips";
import { tinyGuestSays } from "./tiny-guest";
import { type Basics, World } from "./world";

const test = suite("round trips");
const reason = Lab.unavailable();
if (reason) {
  skip("round trips", reason);
} else {
  let lab: Lab;
  let world: World;
  let basics: Basics;
  const small = { memory: 64, rootDisk: { size: 16 }, ready: { serial: tinyGuestSays, timeout: 60 } };
  const count = (trips: RoundTrip[], kind: RoundTrip["kind"]) => trips.filter((trip) => trip.kind === kind).length;

  test.before(async () => {
    lab = await Lab.open(`t${process.pid % 100000}`);
    await lab.host("h1");
    await lab.ssh("h1", "apt-get update -q");
    world = new World(lab, "h1");
    await world.host();
    basics = await world.tinyBasics();
  });
  test.after(async () => {
    await closeAll();
    await lab?.close();
  });

  test("one microVM is made in a reading and a change, and no secret is traced", async () => {
    await startCold();
    const secret = randomBytes(12).toString("hex");
    const { trips, text } = await roundTripsOf(() =>
      world.microVM("web", basics, { ...small, files: [{ path: "/etc/token", content: secret, mode: "0600" }] }),
    );
    assert.is(count(trips, "connect"), 1);
    assert.ok(count(trips, "exec") <= 2, text);
    assert.is(trips.length, count(trips, "connect") + count(trips, "exec"));
    assert.match(text, /create MicroVM web/);
    assert.not.ok(text.includes(secret));
    assert.not.match(text, /PRIVATE KEY/);
  });

  test("microVMs that come together are made in one change", async () => {
    await startCold();
    const names = ["a", "b", "c", "d"];
    const { trips, text } = await roundTripsOf(() =>
      inFlight(names, names.length, (name) => world.microVM(name, basics, { ...small, state: "stopped" })),
    );
    assert.is(count(trips, "exec"), 2, text);
  });

  test("all objects of a host are read in one round trip", async () => {
    for (const name of ["data", "logs"]) await world.make("Volume", name, { size: 8, onDelete: "delete" });
    assert.ok(world.objects.length >= 12);
    await startCold();
    const { value, trips, text } = await roundTripsOf(() =>
      inFlight(world.objects, engineParallelism, ({ kind, state }) => read(kind, state)),
    );
    assert.equal(
      value.flatMap((state) => state?.drift ?? ["gone"]),
      [],
    );
    assert.is(count(trips, "exec"), 1, text);
    assert.is(count(trips, "connect"), 1);
  });

  test("a file that the host has is not sent again", async () => {
    const source = join(lab.directory, "blob");
    writeFileSync(source, randomBytes(1 << 20));
    const { sha256, size } = await digestFile(source);
    const [host] = lab.hosts;
    const { port, privateKeyFile, hostKey } = host as NonNullable<typeof host>;
    const upload = async () => {
      const connection = await connect({ address: "127.0.0.1", port, user: "root", privateKeyFile, hostKey });
      return connection.upload({ source, sha256, size, path: "/var/tmp/blob", mode: 0o600, purpose: "upload a blob" });
    };
    const bytes = (trips: RoundTrip[]) => trips.filter(({ kind }) => kind === "upload").map(({ bytesOut }) => bytesOut);
    const first = await roundTripsOf(upload);
    assert.ok((bytes(first.trips)[0] ?? 0) > 1 << 19);
    const again = await roundTripsOf(upload);
    assert.ok(again.value.skipped);
    assert.equal(bytes(again.trips), [0]);
  });

  test.run();
}
