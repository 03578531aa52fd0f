import type * as Kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { MicrovmError } from "../../provider/errors";
import { runtimeClassManifest } from "./manifests";
import { requireKubernetes } from "./peer";
import { collect, labelsOf, merge, type RuntimeClass } from "./sources";

/** A resource whose runtimes Kubernetes can use: `GVisor`, `KataRuntime`. */
export type RuntimeClassResource = pulumi.Resource & { runtimeClasses: pulumi.Output<RuntimeClass[]> };

/** Where classes come from: a resource, what it outputs, or classes written by hand. */
export type RuntimeClassSource = RuntimeClassResource | RuntimeClass | RuntimeClass[];

export interface RuntimeClassesArgs {
  /** The classes, from any number of hosts. What several hosts say alike is one class. */
  runtimeClasses?: pulumi.Input<RuntimeClassSource> | pulumi.Input<pulumi.Input<RuntimeClassSource>[]>;
  /**
   * Names of nodes that get the labels by which the classes find them: a list where every node has every class, or for
   * each node its own classes, which are created too.
   */
  nodes?: pulumi.Input<pulumi.Input<string>[]> | Record<string, NonNullable<RuntimeClassesArgs["runtimeClasses"]>>;
  /**
   * Only the classes with these names. Where a preview does not know the classes yet, it shows the ones that are named
   * here, and none otherwise.
   */
  names?: string[];
  /** Labels of the RuntimeClass objects themselves. */
  labels?: pulumi.Input<Record<string, pulumi.Input<string>>>;
}

/**
 * Makes runtimes of hosts selectable in the cluster whose nodes the hosts are: a RuntimeClass for each handler, with its
 * overhead and the label of the nodes that have it, and the label on those nodes. Needs the package
 * `@pulumi/kubernetes`. Which cluster: by its provider, given as `provider` as to any component.
 */
export class RuntimeClasses extends pulumi.ComponentResource {
  /** Names of the classes, once they are there. */
  readonly names: pulumi.Output<string[]>;

  constructor(name: string, args: RuntimeClassesArgs, opts?: pulumi.ComponentResourceOptions) {
    const kubernetes = requireKubernetes(`RuntimeClasses ${name}`);
    super("microvm:kubernetes:RuntimeClasses", name, {}, opts);
    const { runtimeClasses = [], nodes = [], names, labels } = args;
    const ofNodes = Object.entries(isPerNode(nodes) ? nodes : {}).map(
      ([node, given]) => [node, collect(given, `nodes[${JSON.stringify(node)}]`)] as const,
    );
    const classes = pulumi
      .all([collect(runtimeClasses, "runtimeClasses"), ...ofNodes.map(([, declared]) => declared)])
      .apply((all) => choose(merge(all.flat()), names, true));

    // Resources that are made within an apply are not in a preview that does not know the value. Therefore the names can
    // be said up front, and what is made then has values that are not known yet. Without names there is no other way
    // than an apply, since it is the value that tells how many there are; then the preview at least says what it lacks.
    // Resources tell their classes to a preview already. Also within an apply each manifest is an output of its sources: so
    // Pulumi knows that the class goes before the runtime does.
    const create = (one: string) =>
      runtimeClass(kubernetes, `${name}-${one}`, one, find(classes, one), labels, { parent: this });
    const made = names
      ? pulumi.output(names.map(create))
      : classes.apply((known) => known.map((each) => create(each.name)));
    if (!names) this.sayIfUnknown(classes);
    this.names = made.apply((all) => pulumi.all(all.map(({ metadata }) => metadata.name)));

    const label = (node: string, its: pulumi.Output<RuntimeClass[]>) =>
      nodePatch(kubernetes, `${name}-${node}`, node, its, { parent: this });
    for (const [node, declared] of ofNodes) {
      label(
        node,
        declared.apply((all) => choose(merge(all), names)),
      );
    }
    if (!isPerNode(nodes)) eachNode(nodes, (node) => label(node, classes));
    this.registerOutputs({ names: this.names });
  }

  /** What a pod says as `runtimeClassName`: the name of a class, once it is there. A cluster refuses a pod before. */
  runtimeClassName(name: string): pulumi.Output<string> {
    return this.names.apply((names) => {
      if (!names.includes(name)) throw missing(name, names);
      return name;
    });
  }

  private sayIfUnknown(classes: pulumi.Output<unknown>): void {
    if (!pulumi.runtime.isDryRun()) return;
    // Pulumi has it and does not say so in its types.
    const { isKnown } = classes as unknown as { isKnown: Promise<boolean> };
    // Why a value cannot be had is told where it is used.
    const known = isKnown.catch(() => true);
    known.then((itIs) => {
      if (itIs) return;
      const text = "which classes there are is known after the runtimes are set up: this preview leaves them out";
      pulumi.log.info(`${text}. Give \`names\` to see them.`, this);
    });
  }
}

type PerNode = Extract<NonNullable<RuntimeClassesArgs["nodes"]>, Record<string, unknown>>;

function isPerNode(nodes: NonNullable<RuntimeClassesArgs["nodes"]>): nodes is PerNode {
  return !Array.isArray(nodes) && !pulumi.Output.isInstance(nodes) && !(nodes instanceof Promise);
}

/** A name that is known is no reason to wait: what is made of it is in every preview. */
function eachNode(nodes: pulumi.Input<pulumi.Input<string>[]>, act: (node: string) => void): void {
  if (!Array.isArray(nodes)) {
    pulumi.output(nodes).apply((known) => {
      for (const node of new Set(known)) act(node);
    });
    return;
  }
  const plain = new Set(nodes.filter((node) => typeof node === "string"));
  for (const node of plain) act(node);
  for (const node of nodes) if (typeof node !== "string") pulumi.output(node).apply(act);
}

function choose(classes: RuntimeClass[], names: string[] | undefined, all = false): RuntimeClass[] {
  if (!names) return classes;
  const lacking = names.find((name) => !classes.some((one) => one.name === name));
  if (all && lacking !== undefined) {
    throw missing(
      lacking,
      classes.map(({ name }) => name),
    );
  }
  return classes.filter(({ name }) => names.includes(name));
}

function find(classes: pulumi.Output<RuntimeClass[]>, name: string): pulumi.Output<RuntimeClass> {
  return classes.apply((all) => all.find((one) => one.name === name) as RuntimeClass);
}

function missing(name: string, known: string[]): MicrovmError {
  return new MicrovmError({
    code: "no-such-runtime-class",
    verb: "use",
    subject: `RuntimeClass ${name}`,
    cause: known.length ? `the hosts have only ${known.join(", ")}` : "the hosts have none",
    hint: "Use one of these, or declare a runtime with that handler.",
  });
}

function runtimeClass(
  { node }: typeof Kubernetes,
  name: string,
  className: string,
  runtimeClass: pulumi.Output<RuntimeClass>,
  labels: RuntimeClassesArgs["labels"],
  opts: pulumi.CustomResourceOptions,
) {
  const manifest = runtimeClass.apply(runtimeClassManifest);
  const { handler, overhead, scheduling } = manifest;
  // A handler cannot be changed, and a class of the same name cannot be there twice.
  const immutable = { replaceOnChanges: ["handler"], deleteBeforeReplace: true };
  return new node.v1.RuntimeClass(
    name,
    { metadata: { name: className, labels }, handler, overhead, scheduling },
    { ...opts, ...immutable },
  );
}

/** Server-side apply of the labels alone: the node stays the kubelet's, and delete takes away these labels and no other. */
function nodePatch(
  { core }: typeof Kubernetes,
  name: string,
  node: string,
  classes: pulumi.Output<RuntimeClass[]>,
  opts: pulumi.CustomResourceOptions,
) {
  const labels = classes.apply((known) => labelsOf(node, known));
  return new core.v1.NodePatch(name, { metadata: { name: node, labels } }, opts);
}
