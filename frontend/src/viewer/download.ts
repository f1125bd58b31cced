/** The form that makes files of what is on the screen: a box, the layers that are on, one level, one format. */

import { copyText } from "../copying";
import type { CutoutOffer, LayerDescription, Triple, ViewerConfig } from "./config";
import { AfterPause, curlText, levelFor, type Resolution, resolutions, widthNm } from "./cutouts";
import { DownloadRow } from "./download_row";
import type { LayerPanel } from "./layer_panel";
import type { LayerSet } from "./layer_set";
import { isTurned, seenPlanes, viewDimensions, type Viewer } from "./neuroglancer";
import { byId, part } from "./page";
import { nmPerUnit, toNm } from "./position";
import { formatBytes, formatVoxel } from "../quantities";
import { around, type Box, boxOf, common, flatAxis, type Plane, rounded, withDepth } from "./seen";
import { isAtHome } from "./sources";

const ASK_AFTER_MS = 300;
const AXES = ["x", "y", "z"];
const lengths = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });

type Offered = LayerDescription & { cutout: CutoutOffer };

/** The form's fields for a box. */
class BoxFields {
  private readonly rows = AXES.map((axis) => {
    const row = part(byId("download-form"), `[data-axis="${axis}"]`);
    const field = (side: string) => part<HTMLInputElement>(row, `.${side}`);
    return { from: field("from"), to: field("to"), extent: part(row, ".side") };
  });

  constructor(onInput: () => void) {
    for (const { from, to } of this.rows) {
      from.addEventListener("input", onInput);
      to.addEventListener("input", onInput);
    }
  }

  set({ low, high }: Box): void {
    this.rows.forEach(({ from, to }, axis) => {
      from.valueAsNumber = low[axis] as number;
      to.valueAsNumber = high[axis] as number;
    });
    this.read();
  }

  /** Null where a number is missing or nothing lies between two. */
  read(): Box | null {
    const isRight = this.rows.map(({ from, to, extent }) => {
      const side = to.valueAsNumber - from.valueAsNumber;
      const right = Number.isFinite(side) && side > 0;
      extent.textContent = right ? `${lengths.format(side)} nm` : "";
      for (const field of [from, to]) field.setAttribute("aria-invalid", String(!right));
      return right;
    });
    const corner = (side: "from" | "to") => this.rows.map((it) => it[side].valueAsNumber) as Triple;
    return isRight.every(Boolean) ? { low: corner("from"), high: corner("to") } : null;
  }
}

class DownloadForm {
  private readonly dialog = byId<HTMLDialogElement>("download-dialog");
  private readonly note = byId("download-note");
  private readonly depthRow = byId("download-depth-row");
  private readonly depth = byId<HTMLInputElement>("download-depth");
  private readonly voxel = byId<HTMLSelectElement>("download-voxel");
  private readonly format = byId<HTMLSelectElement>("download-format");
  private readonly total = byId("download-total");
  private readonly fields = new BoxFields(() => {
    this.isSeen = false;
    this.ask();
  });
  private readonly afterPause = new AfterPause(ASK_AFTER_MS);
  private rows: DownloadRow[] = [];
  private choices: Resolution[] = [];
  /** The box is still the one that is seen: where that is one plane, its depth follows the level. */
  private isSeen = true;
  private isDepthChosen = false;

  constructor(
    private readonly viewer: Viewer,
    private readonly layers: LayerSet,
    private readonly panel: LayerPanel,
    private readonly config: ViewerConfig,
  ) {
    byId("open-download").addEventListener("click", () => this.open());
    byId("download-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => {
      this.afterPause.cancel();
      byId("open-download").focus(); // the browser gives the focus back only where nothing took it meanwhile
    });
    byId("download-form").addEventListener("submit", (event) => event.preventDefault());
    byId("download-seen").addEventListener("click", () => this.takeSeen());
    byId("download-whole").addEventListener("click", () => this.take(this.whole, false));
    this.depth.addEventListener("input", () => {
      this.isDepthChosen = true;
      this.takeSeen();
    });
    this.voxel.addEventListener("change", () => (this.isSeen ? this.takeSeen() : this.ask()));
    this.format.addEventListener("change", () => this.ask());
    byId("download-copy").addEventListener("click", (event) => {
      void copyText(byId("download-commands").textContent ?? "", event.currentTarget as HTMLElement);
    });
    byId("download-token").hidden = config.isOpen;
  }

  private open(): void {
    const shown = this.panel.shown.filter((it) => it.kind !== "annotation");
    const offered = shown.filter((it): it is Offered => it.cutout !== null && this.isHere(it));
    this.rows = offered.map(
      (it) =>
        new DownloadRow(
          it,
          this.layers.colour(it.name) ?? null,
          () => this.ask(),
          (level) => this.takeVoxel(level.voxelNm),
        ),
    );
    byId("download-layers").replaceChildren(...this.rows.map((it) => it.element));
    byId("download-form").classList.toggle("nothing", offered.length === 0);
    this.isDepthChosen = false;
    this.dialog.showModal();
    if (offered.length === 0) {
      this.note.textContent =
        shown.length === 0
          ? "No layer is on. Switch one on first."
          : "What is on is read from elsewhere: this portal makes no files of it.";
      return;
    }
    const left = shown.filter((it) => !offered.includes(it as Offered)).map((it) => it.title);
    this.note.textContent = [
      isTurned(this.viewer) ? "The view is turned: the box is the one around it." : "",
      left.length === 0 ? "" : `Read from elsewhere, and not to be had here: ${left.join(", ")}.`,
    ].join(" ");
    this.offerVoxels();
    this.takeSeen();
  }

  /** What is shown under the name of a layer of this dataset may have been pasted, and come from elsewhere. */
  private isHere({ name, dataUrl }: LayerDescription): boolean {
    const state = this.viewer.state.toJSON() as { layers?: { name?: unknown; source?: unknown }[] };
    const spec = state.layers?.find((it) => it.name === name);
    return spec !== undefined && dataUrl !== null && isAtHome(spec, dataUrl, this.config.dataUrl);
  }

  private get seenNmPerPixel(): number {
    const perUnit = nmPerUnit(this.viewer.coordinateSpace.value) ?? 1;
    return this.viewer.crossSectionScale.value * perUnit;
  }

  private offerVoxels(): void {
    this.choices = resolutions(this.rows.map((it) => it.offer));
    const seen = this.choices.indexOf(levelFor(this.choices, this.seenNmPerPixel));
    this.voxel.replaceChildren(...this.choices.map((_, i) => new Option("", String(i), i === seen, i === seen)));
    this.nameVoxels();
  }

  /** Each choice with what it comes to, as far as that is known for all layers that are wanted. */
  private nameVoxels(): void {
    const seen = levelFor(this.choices, this.seenNmPerPixel);
    const wanted = this.rows.filter((it) => it.isWanted);
    [...this.voxel.options].forEach((option, i) => {
      const choice = this.choices[i] as Resolution;
      const { voxelNm } = choice;
      const sizes = wanted.map((row) => row.sizes.get(levelFor(row.offer.levels, widthNm(voxelNm)).path));
      const words = [`${formatVoxel(voxelNm)}${choice === seen ? ", as on the screen" : ""}`];
      if (sizes.length > 0 && sizes.every((it): it is number => it !== undefined && it > 0)) {
        words.push(formatBytes(sizes.reduce((sum, it) => sum + it, 0)));
      }
      option.textContent = words.join(" · ");
    });
  }

  private get voxelNm(): Triple {
    return (this.choices[Number(this.voxel.value)] as Resolution).voxelNm;
  }

  private takeVoxel(voxelNm: Triple): void {
    const choice = levelFor(this.choices, widthNm(voxelNm));
    this.voxel.value = String(this.choices.indexOf(choice));
    this.voxel.focus();
    if (this.isSeen) this.takeSeen();
    else this.ask();
  }

  private get whole(): Box {
    return around(this.rows.map(({ offer }) => ({ low: offer.lowNm, high: offer.highNm }))) as Box;
  }

  private takeSeen(): void {
    const space = this.viewer.coordinateSpace.value;
    const planes = seenPlanes(this.viewer).map(({ middle, right, down }) => ({
      middle: toNm(middle, space),
      right: toNm(right, space),
      down: toNm(down, space),
    }));
    const known = planes.filter((it): it is Plane => Object.values(it).every((side) => side !== null));
    const seen = boxOf(known);
    const axis = seen === null ? null : flatAxis(seen);
    this.depthRow.hidden = axis === null;
    if (seen === null || axis === null) this.take(seen ?? this.whole, true);
    else {
      const first = this.rows[0] as DownloadRow;
      const { voxelNm } = levelFor(first.offer.levels, widthNm(this.voxelNm));
      const side = voxelNm[axis] as number;
      if (!this.isDepthChosen) this.depth.valueAsNumber = Number(side.toPrecision(4));
      const depth = this.depth.valueAsNumber > 0 ? this.depth.valueAsNumber : side;
      this.take(withDepth(seen, axis, depth, first.offer.lowNm[axis] as number, side), true);
    }
  }

  private take(box: Box, isSeen: boolean): void {
    const inside = common(box, this.whole);
    const finest = levelFor(this.choices, 0).voxelNm;
    this.fields.set(rounded(inside ?? box, finest));
    this.isSeen = isSeen;
    this.ask();
  }

  /** Ask for the sizes of the files, once the person has stopped changing what they want. */
  private ask(): void {
    const box = this.fields.read();
    const moments = new Map(viewDimensions(this.viewer).map(({ name, element }) => [name, element]));
    for (const row of this.rows) {
      const { offer } = row;
      const level = levelFor(offer.levels, widthNm(this.voxelNm)).path;
      const moment = offer.time === null ? null : (moments.get(offer.time) ?? 0);
      row.change(box && { offer, box, level, format: this.format.value, moment });
    }
    this.show();
    this.total.textContent = "";
    if (box === null) {
      this.afterPause.cancel();
      this.total.textContent = "Of each axis, the first number must be smaller than the second.";
      return;
    }
    this.afterPause.run(async (signal) => {
      await Promise.all(this.rows.filter((it) => it.isWanted).map((it) => it.askSize(signal)));
      this.show();
      this.total.textContent = this.totalText();
    });
  }

  private show(): void {
    for (const row of this.rows) row.show();
    this.nameVoxels();
    const urls = this.rows.filter((it) => it.isWanted).map((it) => it.url);
    const ready = urls.filter((it) => it !== null);
    byId("download-curl").hidden = ready.length === 0;
    byId("download-commands").textContent = curlText(ready, this.config.isOpen);
  }

  private totalText(): string {
    const wanted = this.rows.filter((it) => it.isWanted);
    if (wanted.length === 0) return "No layer is chosen.";
    const fitting = wanted.flatMap(({ estimate }) => (estimate?.kind === "fits" ? [estimate] : []));
    if (fitting.length === 0) return "No file can be made so; why is said at each layer.";
    const size = formatBytes(fitting.reduce((sum, it) => sum + it.sizeBytes, 0));
    const refused = wanted.length - fitting.length;
    const atMost = fitting.every((it) => it.isExact) ? "" : "at most ";
    const files = fitting.length === 1 ? "One file" : `${fitting.length} files`;
    return `${files}, ${atMost}${size}.${refused === 0 ? "" : ` ${refused} cannot be made so.`}`;
  }
}

export function setUpDownload(viewer: Viewer, layers: LayerSet, panel: LayerPanel, config: ViewerConfig): void {
  new DownloadForm(viewer, layers, panel, config);
}
