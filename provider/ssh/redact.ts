const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;

/** Takes secrets, and whatever looks like a private key, out of a text that people may see. */
export function redact(text: string, secrets: readonly string[] = []): string {
  const longestFirst = secrets.filter((secret) => secret.length > 3).sort((a, b) => b.length - a.length);
  return longestFirst
    .reduce((result, secret) => result.replaceAll(secret, "[secret]"), text)
    .replace(privateKey, "[private key]");
}
