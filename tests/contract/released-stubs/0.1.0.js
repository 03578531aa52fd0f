exports.handler = () =>
  Object.fromEntries(
    ["configure", "check", "diff", "create", "update", "read", "delete"].map((o) => [
      o,
      (...a) => require("pulumi-microvm/runtime").dispatch("MicroVM", o, ...a),
    ]),
  );
