/**
 * What a Neuroglancer state shows, and whether this page may read it: the portal's own data, data of an origin that
 * the operator allows, or neither. The portal judges states that are stored by the same rules.
 */

import type { NeuroglancerState } from "./config";

export interface Origins {
  /** Absolute address of the portal's data, ending in `/data/`. */
  dataUrl: string;
  /** Other origins the operator allows. */
  external: readonly string[];
}

export type Verdict = "portal" | "external" | "page" | "refused";

export interface Source {
  url: string;
  verdict: Verdict;
  /** Why it is refused, or what is worth knowing of it. */
  why: string;
}

export interface InventoryItem {
  name: string;
  kind: string;
  sources: Source[];
  allowed: boolean;
}

/** Steps after the first `|` of a source that read what the first part names, and nothing else. */
const READING_STEP = /^(zarr[23]?|n5|neuroglancer-precomputed|precomputed|gzip):[^:?#\\]*$|^zip:[^:?#\\]*$/;
const OLD_FORMAT = /^(zarr[23]?|n5|precomputed):\/\/(?=[a-z0-9+]+:\/\/)/;
const LOCAL = "local://annotations";
const BUCKET = /^([^/.]+)(?:\.v(\d+))?(\/.*)$/;

function origin(address: URL): string {
  // Neuroglancer asks a bucket of Amazon's by its own host name.
  return address.protocol === "s3:" ? `https://${address.hostname}.s3.amazonaws.com` : address.origin;
}

/** What is read of this portal as from a bucket is at the same place of its data plane. */
function dataAddress(bare: string, dataUrl: string): string {
  const bucketsUrl = `s3+${dataUrl.replace(/data\/$/, "s3/")}`;
  const [, name, version, rest] = (bare.startsWith(bucketsUrl) && BUCKET.exec(bare.slice(bucketsUrl.length))) || [];
  return name === undefined ? bare : `${dataUrl}${name}${version === undefined ? "" : `@${version}`}${rest}`;
}

function refused(url: string, why: string): Source {
  return { url, verdict: "refused", why };
}

/** Judge one source address, old style (`zarr://https://…`) or new (`https://…|zarr3:`). */
export function judge(url: string, { dataUrl, external }: Origins): Source {
  if (url === LOCAL) return { url, verdict: "page", why: "annotations in the link itself" };
  const [first = "", ...steps] = url.trim().split("|");
  const bare = dataAddress(first.replace(OLD_FORMAT, ""), dataUrl);
  if (steps.some((it) => !READING_STEP.test(it))) return refused(url, "a way of reading that is not known here");
  let address: URL;
  try {
    address = new URL(bare.replace(/^s3\+(?=https?:)/, ""));
  } catch {
    return refused(url, "not an address");
  }
  if (!["http:", "https:", "s3:"].includes(address.protocol)) {
    return refused(url, `${address.protocol}// is not read here`);
  }
  if (address.username !== "" || address.password !== "") return refused(url, "an address with a name in it");
  if (/[?#\\]/.test(bare) || /(^|\/)(\.|%2e){1,2}(\/|$)/i.test(bare)) return refused(url, "a crooked address");
  if (bare.startsWith(dataUrl)) {
    const pinned = /^[^/]*(@|%40)/.test(bare.slice(dataUrl.length));
    return { url, verdict: "portal", why: pinned ? "" : "its newest version" };
  }
  return external.includes(origin(address))
    ? { url, verdict: "external", why: "" }
    : refused(url, `${address.host} is not among the origins this portal allows`);
}

type Json = Record<string, unknown>;
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Addresses in a source: a text, an object with `url`, or a list of these. Anything else is told as it stands. */
function addresses(source: unknown): string[] {
  if (source === undefined || source === null) return [];
  if (typeof source === "string") return source === "" ? [] : [source];
  if (Array.isArray(source)) return source.flatMap(addresses);
  return isObject(source) && typeof source.url === "string" ? addresses(source.url) : [JSON.stringify(source)];
}

/**
 * Whether a layer shows what lies below `ownUrl`, at its own place: a pasted layer may bear the name of one of the
 * portal's and show something else, or the same moved.
 */
export function isAtHome(layer: { source?: unknown }, ownUrl: string, dataUrl: string): boolean {
  const bare = (url: string) => dataAddress(url.replace(OLD_FORMAT, ""), dataUrl).replace("%40", "@");
  const [source] = Array.isArray(layer.source) ? layer.source : [layer.source];
  const isMoved = isObject(source) && isObject(source.transform) && source.transform.matrix !== undefined;
  const [first] = addresses(source);
  return !isMoved && first !== undefined && bare(first).startsWith(bare(ownUrl));
}

/** Where old states name further sources of a layer. */
const FURTHER_SOURCES = ["mesh", "skeletons", "skeleton", "annotations", "annotationSource"];
/** Texts that people or shaders write; nothing is read from them. */
const FREE_TEXTS = new Set(["shader", "skeletonShader", "description", "title", "name", "segmentQuery", "codeVisible"]);

/** Texts elsewhere in a value that look like an address; so that no place for a source is overlooked. */
function strayAddresses(value: unknown, key = ""): string[] {
  if (typeof value === "string")
    return !FREE_TEXTS.has(key) && /^\s*[a-z][a-z0-9+.-]*:(\/\/|[^\s])/i.test(value) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((it) => strayAddresses(it, key));
  return isObject(value) ? Object.entries(value).flatMap(([name, it]) => strayAddresses(it, name)) : [];
}

/** The layers of a state, each with its sources and whether they may all be read. */
export function inventory(state: NeuroglancerState, origins: Origins): InventoryItem[] {
  const { layers, ...rest } = state;
  const items = (Array.isArray(layers) ? layers : []).map((it: unknown, i): InventoryItem => {
    if (!isObject(it)) return { name: `Layer ${i + 1}`, kind: "", sources: [], allowed: false };
    const { source, ...others } = it;
    const further = FURTHER_SOURCES.flatMap((key) => (typeof it[key] === "string" ? addresses(it[key]) : []));
    const found = new Set([...addresses(source), ...strayAddresses(source), ...further, ...strayAddresses(others)]);
    const sources = [...found].map((url) => judge(url, origins));
    return {
      name: typeof it.name === "string" ? it.name : `Layer ${i + 1}`,
      kind: typeof it.type === "string" ? it.type : "",
      sources,
      allowed: sources.every(({ verdict }) => verdict !== "refused"),
    };
  });
  const stray = strayAddresses(rest).map((url) => judge(url, origins));
  if (stray.some(({ verdict }) => verdict === "refused")) {
    items.push({ name: "Beside the layers", kind: "", sources: stray, allowed: false });
  }
  return items;
}
