/** Items [aFrom, aTo) of the old sequence give way to [bFrom, bTo) of the new one. */
export interface Hunk {
  aFrom: number;
  aTo: number;
  bFrom: number;
  bTo: number;
}

/**
 * The shortest edit script by Myers (1986, "An O(ND) Difference Algorithm and Its Variations", section 4), or
 * `undefined` once it would cost more than `maxCost` deletions and insertions. Memory grows with the square of the
 * cost found, hence the cap.
 */
export function myers(
  a: Int32Array,
  aFrom: number,
  aTo: number,
  b: Int32Array,
  bFrom: number,
  bTo: number,
  maxCost: number,
): Hunk[] | undefined {
  const n = aTo - aFrom;
  const m = bTo - bFrom;
  const cap = Math.min(maxCost, n + m);
  const offset = cap + 1;
  const reach = new Int32Array(2 * cap + 3);
  const trail: Int32Array[] = [];
  for (let d = 0; d <= cap; d++) {
    trail.push(reach.slice(offset - d - 1, offset + d + 2));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && reach[offset + k - 1]! < reach[offset + k + 1]!);
      let x = down ? reach[offset + k + 1]! : reach[offset + k - 1]! + 1;
      let y = x - k;
      while (x < n && y < m && a[aFrom + x] === b[bFrom + y]) {
        x++;
        y++;
      }
      reach[offset + k] = x;
      if (x >= n && y >= m) return walkBack(trail, d, n, m, aFrom, bFrom);
    }
  }
  return undefined;
}

function walkBack(trail: Int32Array[], cost: number, n: number, m: number, aFrom: number, bFrom: number): Hunk[] {
  const hunks: Hunk[] = [];
  let x = n;
  let y = m;
  for (let d = cost; d > 0; d--) {
    const row = trail[d]!;
    const at = (k: number): number => row[k + d + 1]!;
    const k = x - y;
    const down = k === -d || (k !== d && at(k - 1) < at(k + 1));
    const beforeK = down ? k + 1 : k - 1;
    const startX = at(beforeK);
    const startY = startX - beforeK;
    const [endX, endY] = down ? [startX, startY + 1] : [startX + 1, startY];
    const next = hunks.at(-1);
    if (next && next.aFrom === aFrom + endX && next.bFrom === bFrom + endY) {
      next.aFrom = aFrom + startX;
      next.bFrom = bFrom + startY;
    } else {
      hunks.push({ aFrom: aFrom + startX, aTo: aFrom + endX, bFrom: bFrom + startY, bTo: bFrom + endY });
    }
    x = startX;
    y = startY;
  }
  return hunks.reverse();
}
