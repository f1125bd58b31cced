/** One layer in the form for downloads: whether it is wanted, how large its file becomes, and the link to it. */

import type { CutoutOffer, LayerDescription } from "./config";
import { askEstimate, type Cutout, cutoutUrl, type Estimate } from "./cutouts";
import { copyOf, paintDot, part } from "./page";
import { formatBytes, formatVoxel } from "../quantities";
import { isImage } from "./tree";

const voxels = new Intl.NumberFormat("en");

export class DownloadRow {
  readonly element = copyOf<HTMLLIElement>("download-row");
  readonly offer: CutoutOffer;
  cutout: Cutout | null = null;
  estimate: Estimate | null = null;
  /** Of the present box at each level, as far as the portal has told; bytes by the level's path. */
  sizes = new Map<string, number>();
  private readonly box = part<HTMLInputElement>(this.element, "input");
  private readonly size = part(this.element, ".download-size");
  private readonly link = part<HTMLAnchorElement>(this.element, "a");
  private readonly problem = part(this.element, ".download-problem");
  private readonly remedy = part<HTMLButtonElement>(this.element, ".download-problem button");

  /** @param takeLevel takes, for all layers, the voxels of a level of this one. */
  constructor(
    readonly layer: LayerDescription & { cutout: CutoutOffer },
    colour: string | null,
    onChange: () => void,
    takeLevel: (level: CutoutOffer["levels"][number]) => void,
  ) {
    this.offer = layer.cutout;
    part(this.element, ".download-name").textContent = layer.title;
    paintDot(part(this.element, ".dot"), colour, isImage(layer));
    this.link.setAttribute("aria-label", `Download ${layer.title}`);
    this.box.addEventListener("change", onChange);
    this.remedy.addEventListener("click", () => {
      const level = this.nearestLevel;
      if (level !== undefined) takeLevel(level);
    });
  }

  get isWanted(): boolean {
    return this.box.checked;
  }

  get url(): string | null {
    return this.cutout === null || this.estimate?.kind !== "fits"
      ? null
      : new URL(cutoutUrl(this.cutout), document.baseURI).href;
  }

  /** Another box, level or format: what was known of the file holds no more. */
  change(cutout: Cutout | null): void {
    // Another level is one of those whose sizes are known.
    if (JSON.stringify(cutout?.box) !== JSON.stringify(this.cutout?.box)) this.sizes.clear();
    this.cutout = cutout;
    this.estimate = null;
  }

  async askSize(signal: AbortSignal): Promise<void> {
    if (this.cutout === null) return;
    const estimate = await askEstimate(this.cutout, signal);
    this.estimate = estimate;
    if (estimate.kind === "fits") this.sizes = estimate.sizes;
    else if (estimate.nearestLevel !== null) {
      // A refusal has no list of levels; the answer for one that fits has it.
      const nearest = await askEstimate({ ...this.cutout, level: estimate.nearestLevel }, signal);
      if (nearest.kind === "fits") this.sizes = nearest.sizes;
    }
  }

  private get nearestLevel(): CutoutOffer["levels"][number] | undefined {
    const nearest = this.estimate?.kind === "refused" ? this.estimate.nearestLevel : null;
    return this.offer.levels.find((it) => it.path === nearest && it.path !== this.cutout?.level);
  }

  show(): void {
    const { estimate, url } = this;
    const isWanted = this.isWanted;
    if (url === null || !isWanted) this.link.removeAttribute("href");
    else this.link.href = url;
    this.size.textContent = isWanted ? this.sizeText() : "";
    const refused = isWanted && estimate?.kind === "refused" ? estimate.words : "";
    this.problem.hidden = refused === "";
    part(this.problem, "span").textContent = refused;
    const nearest = this.nearestLevel;
    this.remedy.hidden = nearest === undefined;
    this.remedy.textContent = nearest === undefined ? "" : `Take voxels of ${formatVoxel(nearest.voxelNm)}`;
  }

  private sizeText(): string {
    if (this.cutout === null) return "";
    const level = this.offer.levels.find((it) => it.path === this.cutout?.level);
    const voxel = level === undefined ? "" : formatVoxel(level.voxelNm);
    if (this.estimate === null) return `${voxel} · …`;
    if (this.estimate.kind === "refused") return voxel;
    const { sizeBytes, isExact, shapeZyx } = this.estimate;
    const shape = [...shapeZyx].reverse().map((it) => voxels.format(it));
    const size = `${isExact ? "" : "at most "}${formatBytes(sizeBytes)}`;
    return [voxel, `${shape.join("\u00a0×\u00a0")} voxels`, size].join(" · ");
  }
}
