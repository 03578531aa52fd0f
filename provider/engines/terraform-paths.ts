import type { Attribute, Shape } from "./terraform-attributes";

/** One step of a path into a value: exactly one of the three. */
export interface Step {
  attributeName?: string;
  elementKeyString?: string;
  elementKeyInt?: number;
}

export interface AttributePath {
  steps: Step[];
}

/**
 * The core's path of a property, such as `interfaces[0].address` or `sysctls["vm.swappiness"]`, as one of attributes: as
 * far as there are such, since what a rule is about may lie below what Terraform knows.
 */
export function attributePath(attributes: readonly Attribute[], property: string): AttributePath {
  const steps: Step[] = [];
  let shape: Shape | undefined = { type: "object", attributes };
  for (const part of parts(property)) {
    if (shape?.type === "object") {
      const found: Attribute | undefined = shape.attributes.find((attribute) => attribute.property === part);
      if (!found) break;
      steps.push({ attributeName: found.name });
      shape = found.shape;
    } else if (shape?.type === "list" && typeof part === "number") {
      steps.push({ elementKeyInt: part });
      shape = shape.element;
    } else if (shape?.type === "map") {
      steps.push({ elementKeyString: String(part) });
      shape = shape.element;
    } else {
      break;
    }
  }
  return { steps };
}

/** A path as one writes it in a program. */
export function pathText({ steps }: AttributePath): string {
  return steps.reduce((text, { attributeName, elementKeyString, elementKeyInt }) => {
    if (attributeName !== undefined) return text ? `${text}.${attributeName}` : attributeName;
    return `${text}[${elementKeyString === undefined ? elementKeyInt : JSON.stringify(elementKeyString)}]`;
  }, "");
}

function parts(property: string): (string | number)[] {
  const found = property.matchAll(/\[("(?:[^"\\]|\\.)*")\]|\[(\d+)\]|([^.[\]]+)/g);
  return [...found].map(([, key, index, name]) =>
    key === undefined ? (index === undefined ? (name as string) : Number(index)) : JSON.parse(key),
  );
}
