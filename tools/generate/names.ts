import type { Property } from "../../provider/schema/model";
import type { Declarations } from "./load";

/** An object type that the emitters name: `MicroVMInterface` for what `interfaces` of a `MicroVM` holds. */
export interface NamedShape {
  name: string;
  property: Property;
}

export function pascal(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** `interfaces` holds an `interface` each, `addresses` an `address`. */
export function singular(name: string): string {
  return name.replace(/sses$/, "ss").replace(/(?<!s)s$/, "");
}

/** Name of the type of an object property: its shared shape's, or one made of where it stands. */
export function shapeName(owner: string, name: string, property: Property): string {
  return property.shape ?? owner + pascal(name);
}

/** The objects with named properties under a set of properties, outermost first, shared shapes left out. */
export function ownShapes(owner: string, properties: Record<string, Property>): NamedShape[] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const inner = property.items ?? property.values ?? property;
    const innerName = inner === property ? name : singular(name);
    if (!inner.properties || inner.shape) return [];
    const shape = shapeName(owner, innerName, inner);
    return [{ name: shape, property: inner }, ...ownShapes(shape, inner.properties)];
  });
}

export function allKinds({ resources }: Declarations): string[] {
  return resources.map(({ kind }) => kind);
}
