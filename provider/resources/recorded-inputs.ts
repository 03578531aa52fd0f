/** What a record keeps of a resource's inputs: no secret, and not how its host is reached. */
export function recordedInputs(inputs: object): Record<string, unknown> {
  const { credentials: _, owner: __, adopt: ___, host, ...rest } = inputs as Record<string, unknown>;
  const { name, machineId } = (host ?? {}) as { name?: string; machineId?: string };
  return { ...rest, host: { name, machineId } };
}
