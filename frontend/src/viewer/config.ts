/** What the page hands to the viewer, checked once here and trusted afterwards. */

/** Neuroglancer's own state JSON; the server writes it, the viewer passes it on. */
export type NeuroglancerState = Record<string, unknown>;

/** A layer of a Neuroglancer state. */
export type LayerSpec = Record<string, unknown> & { name: string };

/** A heading in the list of layers; `colour` is the organelle class's, or null. */
export interface Heading {
  title: string;
  colour: string | null;
}

/** Another program that can read a layer: an address to go to, or a text to copy. */
export interface OpeningLink {
  name: string;
  url: string;
  text: string;
  note: string;
}

/** What one label of a semantic segmentation stands for. */
export interface LabelClass {
  /** The label, 64 bits wide: as text. */
  value: string;
  title: string;
  colour: string | null;
}

/** Three numbers in the order x, y, z. */
export type Triple = [x: number, y: number, z: number];

/** How boxes of a layer are downloaded. */
export interface CutoutOffer {
  url: string;
  /** Its corners, voxels counted to their edges. */
  lowNm: Triple;
  highNm: Triple;
  /** Finest first. */
  levels: { path: string; voxelNm: Triple }[];
  channel: number | null;
  /** Its time axis, where it has one. */
  time: string | null;
}

/** A region of ground truth; its corners in nm, voxels counted to their edges. */
export interface CropDescription {
  /** Of its annotation. */
  id: string;
  title: string;
  classes: string;
  url: string;
  lowNm: Triple;
  highNm: Triple;
}

export interface LayerDescription {
  /** Neuroglancer's layer name, unique in the state. */
  name: string;
  /** What a person calls it. */
  title: string;
  /** em, segmentation, prediction … */
  kind: string;
  /** Headings it stands under, from the widest down; never empty. */
  headings: Heading[];
  /** `#rrggbb`, or null where each instance has its own colour. */
  colour: string | null;
  method: string | null;
  description: string;
  /** Its page. */
  url: string | null;
  /** Its data, for other programs. */
  dataUrl: string | null;
  labels: LabelClass[];
  /** Where the portal says in which place an object lies. */
  locateUrl: string | null;
  openWith: OpeningLink[];
  cutout: CutoutOffer | null;
  /** Of the layer of crops alone. */
  crops: CropDescription[];
}

/** A place that a curator chose; positions nm (x, y, z), orientation a quaternion (x, y, z, w). */
export interface Stop {
  name: string;
  title: string;
  description: string;
  layers: string[];
  /** Null: the middle of what is shown, which only the data say. */
  positionNm: [number, number, number] | null;
  orientation: [number, number, number, number];
  nmPerPixel: number;
  layout: string;
}

export interface ViewerConfig {
  state: NeuroglancerState;
  /** Layers of the dataset that the state does not have. */
  offered: LayerSpec[];
  layers: LayerDescription[];
  stops: Stop[];
  linksUrl: string;
  /** Absolute address of the portal's data, ending in `/data/`. */
  dataUrl: string;
  externalOrigins: string[];
  /** The version it shows, `name@3`. */
  reference: string;
  /** The viewer's own address, where it opens full window. */
  viewUrl: string;
  /** Everyone may read the data. */
  isOpen: boolean;
  embedded: boolean;
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

function numbers(value: unknown, count: number, where: string): number[] {
  const found = list(value, where);
  if (found.length === count && found.every(Number.isFinite)) return found as number[];
  throw new ConfigInvalid(`${where} is not ${count} numbers`);
}

const optionalText = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

const listed = (value: unknown, where: string): Json[] =>
  list(value ?? [], where).map((it, i) => object(it, `${where}[${i}]`));

function optionalColour(value: unknown, where: string): string | null {
  const colour = optionalText(value);
  if (colour !== null && !/^#[0-9a-f]{6}$/i.test(colour)) throw new ConfigInvalid(`${where} is not #rrggbb`);
  return colour;
}

export const undescribed = (name: string): LayerDescription => ({
  name,
  title: name,
  kind: "",
  headings: [{ title: "Other", colour: null }],
  colour: null,
  method: null,
  description: "",
  url: null,
  dataUrl: null,
  labels: [],
  locateUrl: null,
  openWith: [],
  cutout: null,
  crops: [],
});

function cutoutOffer(value: unknown, where: string): CutoutOffer | null {
  if (value === null || value === undefined) return null;
  const it = object(value, where);
  const triple = (part: unknown, name: string) => numbers(part, 3, `${where}.${name}`) as Triple;
  return {
    url: text(it.url, `${where}.url`),
    lowNm: triple(it.lowNm, "lowNm"),
    highNm: triple(it.highNm, "highNm"),
    levels: listed(it.levels, `${where}.levels`).map((level, i) => ({
      path: text(level.path, `${where}.levels[${i}].path`),
      voxelNm: triple(level.voxelNm, `levels[${i}].voxelNm`),
    })),
    channel: typeof it.channel === "number" ? it.channel : null,
    time: optionalText(it.time),
  };
}

function describedLayer(value: unknown, where: string): LayerDescription {
  const layer = object(value, where);
  const name = text(layer.name, `${where}.name`);
  const headings = listed(layer.headings, `${where}.headings`).map((it, i) => ({
    title: text(it.title, `${where}.headings[${i}].title`),
    colour: optionalColour(it.colour, `${where}.headings[${i}].colour`),
  }));
  const plain = undescribed(name);
  return {
    name,
    title: optionalText(layer.title) ?? name,
    kind: optionalText(layer.kind) ?? "",
    headings: headings.length > 0 ? headings : plain.headings,
    colour: optionalColour(layer.colour, `${where}.colour`),
    method: optionalText(layer.method),
    description: optionalText(layer.description) ?? "",
    url: optionalText(layer.url),
    dataUrl: optionalText(layer.dataUrl),
    labels: listed(layer.labels, `${where}.labels`).map((it, i) => ({
      value: text(it.value, `${where}.labels[${i}].value`),
      title: text(it.title, `${where}.labels[${i}].title`),
      colour: optionalColour(it.colour, `${where}.labels[${i}].colour`),
    })),
    locateUrl: optionalText(layer.locateUrl),
    openWith: listed(layer.openWith, `${where}.openWith`).map((it, i) => ({
      name: text(it.name, `${where}.openWith[${i}].name`),
      url: optionalText(it.url) ?? "",
      text: optionalText(it.text) ?? "",
      note: optionalText(it.note) ?? "",
    })),
    cutout: cutoutOffer(layer.cutout, `${where}.cutout`),
    crops: listed(layer.crops, `${where}.crops`).map((it, i) => ({
      id: text(it.id, `${where}.crops[${i}].id`),
      title: text(it.title, `${where}.crops[${i}].title`),
      classes: optionalText(it.classes) ?? "",
      url: text(it.url, `${where}.crops[${i}].url`),
      lowNm: numbers(it.lowNm, 3, `${where}.crops[${i}].lowNm`) as Triple,
      highNm: numbers(it.highNm, 3, `${where}.crops[${i}].highNm`) as Triple,
    })),
  };
}

function stop(value: unknown, where: string): Stop {
  const it = object(value, where);
  return {
    name: text(it.name, `${where}.name`),
    title: text(it.title, `${where}.title`),
    description: optionalText(it.description) ?? "",
    layers: list(it.layers, `${where}.layers`).map((name) => text(name, `${where}.layers`)),
    positionNm: it.positionNm === null ? null : (numbers(it.positionNm, 3, `${where}.positionNm`) as Triple),
    orientation: numbers(it.orientation, 4, `${where}.orientation`) as Stop["orientation"],
    nmPerPixel: numbers([it.nmPerPixel], 1, `${where}.nmPerPixel`)[0] as number,
    layout: text(it.layout, `${where}.layout`),
  };
}

export function parseConfig(json: string): ViewerConfig {
  const config = object(JSON.parse(json), "configuration");
  const layers = list(config.layers, "layers").map((it, i) => describedLayer(it, `layers[${i}]`));
  const names = new Set(layers.map((it) => it.name));
  if (names.size !== layers.length) throw new ConfigInvalid("two layers have the same name");
  return {
    state: object(config.state, "state"),
    offered: listed(config.offered, "offered").map((it, i) => ({ ...it, name: text(it.name, `offered[${i}].name`) })),
    layers,
    stops: list(config.stops, "stops").map((it, i) => stop(it, `stops[${i}]`)),
    linksUrl: text(config.linksUrl, "linksUrl"),
    dataUrl: text(config.dataUrl, "dataUrl"),
    externalOrigins: list(config.externalOrigins, "externalOrigins").map((it) => text(it, "externalOrigins")),
    reference: text(object(config.dataset, "dataset").reference, "dataset.reference"),
    viewUrl: text(object(config.dataset, "dataset").viewUrl, "dataset.viewUrl"),
    isOpen: object(config.dataset, "dataset").isOpen === true,
    embedded: config.embedded === true,
  };
}
