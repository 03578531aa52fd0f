import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { NetworkInputs } from "../../provider/generated/types";
import { dhcpText, linkLines, ruleText, senderText, tables } from "../../provider/resources/network-rules";
import { skip } from "../skip";

const test = suite("network rules");
const inputs = (more: Partial<NetworkInputs> = {}): NetworkInputs =>
  ({ host: {}, name: "my-lan", cidr: "172.30.0.0/24", ...more }) as NetworkInputs;

test("the bridge gets its address", () => {
  assert.equal(linkLines(inputs({ mtu: 1400 })), [
    "link set dev mvb-my-lan mtu 1400 up",
    "address replace 172.30.0.1/24 dev mvb-my-lan",
  ]);
});

test("each network has tables of its own, whatever characters its name has", () => {
  assert.equal(tables("my-lan", true), ["bridge:microvm_my_lan", "inet:microvm_my_lan", "ip:microvm_my_lan"]);
  assert.equal(tables("my-lan", false), ["bridge:microvm_my_lan", "inet:microvm_my_lan"]);
});

test("open traffic drops the rules that keep neighbours apart, and nothing else", () => {
  const isolated = ruleText(inputs()).split("\n");
  const open = ruleText(inputs({ traffic: "open" })).split("\n");
  assert.equal(
    isolated.filter((line) => !open.includes(line)).map((line) => line.trim()),
    ["iifname @taps oifname @taps drop", 'iifname "mvb-my-lan" oifname "mvb-my-lan" drop'],
  );
});

test("without NAT nothing is translated and nothing gets out", () => {
  const text = ruleText(inputs({ nat: false }));
  assert.not.match(text, /masquerade/);
  assert.match(text, /iifname "mvb-my-lan" drop/);
});

test("DHCP serves declared leases only, on the bridge only", () => {
  const text = dhcpText(inputs({ dns: ["9.9.9.9"], domain: "lan.test" }));
  assert.match(text, /^interface=mvb-my-lan$/m);
  assert.match(text, /^dhcp-range=172\.30\.0\.0,static,255\.255\.255\.0,12h$/m);
  assert.match(text, /^dhcp-option=option:dns-server,9\.9\.9\.9$/m);
  assert.not.match(dhcpText(inputs({ dhcp: false })), /dhcp-range/);
});

const cannot =
  process.getuid?.() !== 0
    ? "nft checks rules as root"
    : spawnSync("nft", ["--version"]).error
      ? "nft is not installed"
      : undefined;
if (cannot) skip("rules are what nft accepts", cannot);
else {
  for (const more of [
    {},
    { traffic: "open" },
    { nat: false },
    { mtu: 9000, gateway: "172.30.0.254" },
  ] as Partial<NetworkInputs>[]) {
    test(`rules are what nft accepts: ${JSON.stringify(more)}`, () => {
      const directory = mkdtempSync(join(tmpdir(), "microvm-nft-"));
      try {
        const sender = join(directory, "web-0.nft");
        const web = { tap: "mvt-web0", mac: "02:00:00:00:00:01", address: "172.30.0.9", connected: true };
        writeFileSync(sender, senderText("my-lan", "172.30.0.1", web));
        const inside = { mac: web.mac, address: web.address, gateway: "172.29.0.1" };
        const clone = { ...web, tap: "mvt-clone0", mac: "02:00:00:00:00:02", address: "172.30.0.10", inside };
        writeFileSync(join(directory, "web-clone.nft"), senderText("my-lan", "172.30.0.1", clone));
        const cut = { ...clone, tap: "mvt-cut0", address: "172.30.0.11", connected: false };
        writeFileSync(join(directory, "web-cut.nft"), senderText("my-lan", "172.30.0.1", cut));
        const rules = join(directory, "rules.nft");
        writeFileSync(rules, ruleText(inputs(more)).replace(/include ".*"/, `include "${directory}/web-*.nft"`));
        // In a network namespace of its own: loaded for real, twice, and gone with it.
        const { status, stdout, stderr } = spawnSync(
          "unshare",
          ["-n", "sh", "-c", `nft -f ${rules} && nft -f ${rules} && nft list ruleset`],
          { encoding: "utf8" },
        );
        assert.is(status, 0, stderr);
        assert.match(stdout, /iifname vmap @senders/);
        for (const way of ["from", "to"]) assert.match(stdout, new RegExp(`chain ${way}_mvt_cut0 \\{\\s+drop\\s+\\}`));
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }
}

test.run();
