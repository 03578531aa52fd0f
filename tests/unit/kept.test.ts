import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cacheDirectory, kept } from "../../tools/pulumi-cli/kept";

const test = suite<{ directory: string; cache: string | undefined }>("what is kept in the cache");

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), "kept-"));
  context.cache = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = context.directory;
});

test.after.each(({ directory, cache }) => {
  if (cache === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = cache;
  rmSync(directory, { recursive: true });
});

test("is made once, by one of those that want it, and again when what it is made of changes", async ({ directory }) => {
  const source = join(directory, "go.mod");
  let made = 0;
  const make = async (fresh: string) => writeFileSync(join(fresh, "product"), `${++made}`);
  writeFileSync(source, "one");
  const places = await Promise.all([kept("thing", [source], make), kept("thing", [source], make)]);
  assert.is(places[0], places[1]);
  assert.is(readFileSync(join(places[0], "product"), "utf8"), "1");
  assert.is(await kept("thing", [source], make), places[0]);
  writeFileSync(source, "two");
  const next = await kept("thing", [source], make);
  assert.is.not(next, places[0]);
  assert.is(readFileSync(join(next, "product"), "utf8"), "2");
});

test("is not there where making it failed", async ({ directory }) => {
  const source = join(directory, "go.mod");
  writeFileSync(source, "one");
  const fail = kept("thing", [source], async (fresh) => {
    writeFileSync(join(fresh, "half"), "");
    throw new Error("no compiler");
  });
  assert.is(await fail.catch((error: Error) => error.message), "no compiler");
  assert.equal(readdirSync(cacheDirectory("thing")), []);
});

test.run();
