/** Boxes of layers as files: their addresses, which level is meant, and how large they become. */

import type { CutoutOffer, Triple } from "./config";
import { problemText } from "./links";
import { formatBytes } from "../quantities";
import type { Box } from "./seen";

/** One file: a box of one layer at one level. */
export interface Cutout {
  offer: CutoutOffer;
  box: Box;
  /** A level's path. */
  level: string;
  format: string;
  /** Which moment, where the layer has a time axis. */
  moment: number | null;
}

/** What the portal says of a file before it is made. */
export type Estimate =
  | {
      kind: "fits";
      sizeBytes: number;
      isExact: boolean;
      shapeZyx: Triple;
      filename: string;
      sizes: Map<string, number>;
    }
  | { kind: "refused"; words: string; nearestLevel: string | null };

const plain = (value: number): string => String(Number(value.toFixed(6)));

export function cutoutUrl({ offer, box, level, format, moment }: Cutout): string {
  const query = [
    `bbox=${[...box.low, ...box.high].map(plain).join(",")}`,
    `level=${encodeURIComponent(level)}`,
    `format=${encodeURIComponent(format)}`,
  ];
  if (offer.channel !== null) query.push(`c=${offer.channel}`);
  if (offer.time !== null && moment !== null) query.push(`t=${moment}`);
  return `${offer.url}?${query.join("&")}`;
}

/** How wide a voxel is: the side of a cube as large. */
export const widthNm = ([x, y, z]: Triple): number => Math.cbrt(x * y * z);

const SAME = 1.01;

export interface Resolution {
  voxelNm: Triple;
}

/** The coarsest level that is as fine as wanted; where none is, the finest. */
export function levelFor<Level extends Resolution>(levels: readonly Level[], wantedNm: number): Level {
  const fineEnough = levels.filter((it) => widthNm(it.voxelNm) <= wantedNm * SAME);
  return (fineEnough.at(-1) ?? levels[0]) as Level;
}

/** The voxels that one can choose from, finest first: those of all levels, equal ones once. */
export function resolutions(offers: readonly CutoutOffer[]): Resolution[] {
  const sorted = offers
    .flatMap((it) => it.levels.map(({ voxelNm }) => ({ voxelNm, width: widthNm(voxelNm) })))
    .sort((a, b) => a.width - b.width);
  return sorted
    .filter(({ width }, i) => i === 0 || width > (sorted[i - 1]?.width ?? 0) * SAME)
    .map(({ voxelNm }) => ({ voxelNm }));
}

const isSize = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function refusalText(problem: Record<string, unknown>, status: number): string {
  const { size_bytes: size, limit_bytes: limit, nearest_level: nearest } = problem;
  if (!isSize(size) || !isSize(limit)) return problemText(problem, status);
  const remedy = typeof nearest === "string" ? "" : " Take a smaller box.";
  return `The box holds ${formatBytes(size)}; at most ${formatBytes(limit)} are cut out at once.${remedy}`;
}

export function readEstimate(answer: unknown, status: number): Estimate {
  const it = (answer ?? {}) as Record<string, unknown>;
  if (status !== 200 || !isSize(it.size_bytes) || !Array.isArray(it.shape_zyx)) {
    const nearestLevel = typeof it.nearest_level === "string" ? it.nearest_level : null;
    return { kind: "refused", words: refusalText(it, status), nearestLevel };
  }
  const levels = (Array.isArray(it.levels) ? it.levels : []) as { path?: unknown; size_bytes?: unknown }[];
  return {
    kind: "fits",
    sizeBytes: it.size_bytes,
    isExact: it.is_exact === true,
    shapeZyx: it.shape_zyx as Triple,
    filename: String(it.filename ?? ""),
    sizes: new Map(levels.flatMap(({ path, size_bytes: size }) => (isSize(size) ? [[String(path), size]] : []))),
  };
}

export async function askEstimate(cutout: Cutout, signal: AbortSignal): Promise<Estimate> {
  try {
    const response = await fetch(`${cutoutUrl(cutout)}&estimate=1`, {
      headers: { Accept: "application/json" },
      signal,
    });
    return readEstimate(await response.json().catch(() => null), response.status);
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: "refused", words: "The portal cannot be reached. Is the network there?", nearestLevel: null };
  }
}

/** Does what it was asked last, a little later, and gives up what it was asked before. */
export class AfterPause {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private controller = new AbortController();

  constructor(private readonly delayMs: number) {}

  run(action: (signal: AbortSignal) => Promise<void>): void {
    this.cancel();
    const { signal } = (this.controller = new AbortController());
    this.timer = setTimeout(() => {
      action(signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }, this.delayMs);
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.controller.abort();
  }
}

/** For a terminal: each file under the name the portal gives it. A token goes into a header, never into an address. */
export function curlText(urls: readonly string[], isOpen: boolean): string {
  const token = isOpen ? "" : ' --header "Authorization: Bearer $TOKEN"';
  return urls.map((it) => `curl --fail --remote-name --remote-header-name${token} "${it}"`).join("\n");
}
