/** Two views that move together: what one does the other does, in nm, and never back again. */

import type { Glance, Linked } from "../viewer/linked";
import type { PositionNm } from "../viewer/position";

export type Kind = keyof Glance;
export const KINDS: readonly Kind[] = ["position", "zoom", "orientation", "layout"];

export type Side = Pick<Linked, "read" | "apply">;
type Two<T> = [T, T];
type Index = 0 | 1;

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const other = (side: Index): Index => (side === 0 ? 1 : 0);

export class Coupling {
  readonly apart: Set<Kind>;
  /** What was seen of both last. What follows is read back as the view keeps it, so that it is no news afterwards. */
  private known: Two<Glance> | null = null;
  /** From the left place to the right one; of volumes that share their coordinates, nothing. */
  private offset: PositionNm = [0, 0, 0];
  /** The side that moved last. */
  private leader: Index = 0;

  /** @param sharesSpace a place in nm is the same place on both sides. */
  constructor(
    private readonly sides: readonly [Side, Side],
    private readonly sharesSpace: boolean,
    apart: Iterable<Kind> = [],
  ) {
    this.apart = new Set(apart);
  }

  /**
   * Begin with both views as they stand, or, where nobody has set them yet, at one place, angle and scale: the one at
   * which the larger volume is seen whole. False while a view does not know its space yet.
   */
  begin(asTheyStand: boolean): boolean {
    const now = this.read();
    if (now === null) return false;
    this.measureOffset(now);
    if (!asTheyStand) {
      const [left, right] = now;
      const larger = (i: Index) => Math.max(...[left.zoom[i], right.zoom[i]].filter(Number.isFinite));
      const zoom = [larger(0), larger(1)] as const;
      this.sides[0].apply({ zoom });
      this.sides[1].apply({ zoom, orientation: left.orientation, position: this.placeAcross(left.position, 0) });
    }
    this.known = this.read();
    return true;
  }

  /** Let the other side follow what has changed. Where both have, `first` leads. */
  follow(first: Index): void {
    const now = this.read();
    if (now === null || this.known === null) return;
    const order: readonly Index[] = [first, other(first)];
    for (const kind of KINDS) {
      const leader = order.find((side) => !same(now[side][kind], this.known?.[side][kind]));
      if (leader === undefined) continue;
      this.leader = leader;
      if (!this.apart.has(kind)) this.lead(kind, leader, now);
    }
    this.known = this.read();
  }

  /** Together again, the side that moved last shows the other where to go; without common coordinates both stay. */
  setTogether(kind: Kind, together: boolean): void {
    if (!together) {
      this.apart.add(kind);
      return;
    }
    this.apart.delete(kind);
    const now = this.read();
    if (now === null) return;
    this.measureOffset(now);
    this.lead(kind, this.leader, now);
    this.known = this.read();
  }

  private read(): Two<Glance> | null {
    const [left, right] = [this.sides[0].read(), this.sides[1].read()];
    return left === null || right === null ? null : [left, right];
  }

  private lead(kind: Kind, leader: Index, now: Two<Glance>): void {
    const value = now[leader][kind];
    const change = kind === "position" ? this.placeAcross(now[leader].position, leader) : value;
    this.sides[other(leader)].apply({ [kind]: change });
  }

  private measureOffset([left, right]: Two<Glance>): void {
    if (!this.sharesSpace) this.offset = left.position.map((at, i) => (right.position[i] ?? at) - at) as PositionNm;
  }

  private placeAcross(place: PositionNm, from: Index): PositionNm {
    const sign = from === 0 ? 1 : -1;
    return place.map((at, i) => at + sign * (this.offset[i] ?? 0)) as PositionNm;
  }
}
