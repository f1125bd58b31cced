/** What the page hands to the viewer, checked once here and trusted afterwards. */

/** Neuroglancer's own state JSON; the server writes it, the viewer passes it on. */
export type NeuroglancerState = Record<string, unknown>;

export interface LayerDescription {
  /** Neuroglancer's layer name, unique in the state. */
  name: string;
  /** What a person calls it. */
  title: string;
  /** em, segmentation, prediction … */
  kind: string;
  /** Heading it stands under. */
  group: string;
  /** `#rrggbb`, or null where each instance has its own colour. */
  colour: string | null;
  method: string | null;
  description: string;
  url: string | null;
}

export interface ViewerConfig {
  state: NeuroglancerState;
  layers: LayerDescription[];
  linksUrl: string;
}

export class ConfigInvalid extends Error {
  override name = "ConfigInvalid";
}

type Json = Record<string, unknown>;

function object(value: unknown, where: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new ConfigInvalid(`${where} is not an object`);
}

function text(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ConfigInvalid(`${where} is not a text`);
}

function list(value: unknown, where: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw new ConfigInvalid(`${where} is not a list`);
}

const optionalText = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function describedLayer(value: unknown, where: string): LayerDescription {
  const layer = object(value, where);
  const name = text(layer.name, `${where}.name`);
  const colour = optionalText(layer.colour);
  if (colour !== null && !/^#[0-9a-f]{6}$/i.test(colour)) throw new ConfigInvalid(`${where}.colour is not #rrggbb`);
  return {
    name,
    title: optionalText(layer.title) ?? name,
    kind: optionalText(layer.kind) ?? "",
    group: optionalText(layer.group) ?? "Other",
    colour,
    method: optionalText(layer.method),
    description: optionalText(layer.description) ?? "",
    url: optionalText(layer.url),
  };
}

export function parseConfig(json: string): ViewerConfig {
  const config = object(JSON.parse(json), "configuration");
  const layers = list(config.layers, "layers").map((it, i) => describedLayer(it, `layers[${i}]`));
  const names = new Set(layers.map((it) => it.name));
  if (names.size !== layers.length) throw new ConfigInvalid("two layers have the same name");
  return { state: object(config.state, "state"), layers, linksUrl: text(config.linksUrl, "linksUrl") };
}
