import { MicrovmError } from "../errors";
import type { Problem } from "../schema/validate";
import { redact } from "../ssh";
import type { Attribute } from "./terraform-attributes";
import { inTerraformsTerms } from "./terraform-names";
import { type AttributePath, attributePath, pathText } from "./terraform-paths";

/** What Terraform shows to its user about a resource: a headline, and what there is to say. */
export interface Diagnostic {
  severity: 1 | 2;
  summary: string;
  detail: string;
  attribute?: AttributePath;
}

const severities = { error: 1, warning: 2 } as const;

/** What is wrong with inputs, each at its attribute. */
export function problemDiagnostics(attributes: readonly Attribute[], problems: readonly Problem[]): Diagnostic[] {
  return problems.map(({ property, reason }) => {
    const attribute = attributePath(attributes, property);
    return {
      severity: severities.error,
      summary: "Invalid value",
      detail: `${pathText(attribute) || property} ${inTerraformsTerms(reason)}.`,
      ...(attribute.steps.length ? { attribute } : {}),
    };
  });
}

export function failure(summary: string, detail: string): Diagnostic {
  return { severity: severities.error, summary, detail: inTerraformsTerms(detail) };
}

export function warning(summary: string, detail: string): Diagnostic {
  return { severity: severities.warning, summary, detail: inTerraformsTerms(detail) };
}

/**
 * An error without what is secret.
 *
 * @param what what was being done, for an error that does not say it itself: a verb, a kind and a name
 * @param advice one more sentence
 */
export function errorDiagnostic(error: unknown, what: string, secrets: string[], advice = ""): Diagnostic {
  const { summary, detail } = error instanceof MicrovmError ? told(error) : unexpected(error, what);
  const whole = [detail, advice].filter(Boolean).join("\n\n");
  return { severity: severities.error, summary: redact(summary, secrets), detail: redact(whole, secrets) };
}

/** The same words as everywhere, cut in two: what failed, and why with what can be done. */
function told({ message, code, parts }: MicrovmError) {
  const summary = `unable to ${parts.verb} ${parts.subject}`;
  const rest = message.startsWith(`${summary}: `) ? message.slice(summary.length + 2) : message;
  return { summary, detail: `${inTerraformsTerms(rest)} [${code}]` };
}

/** The fault is ours: where it was helps. */
function unexpected(error: unknown, what: string) {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { summary: `unable to ${what}`, detail };
}
