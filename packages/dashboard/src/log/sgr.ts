/** Select Graphic Rendition: the codes of a terminal's colours and styles (ECMA-48). */

const BACKGROUND = (code: number) => (code >= 40 && code <= 47) || (code >= 100 && code <= 107)
const FOREGROUND = (code: number) => (code >= 30 && code <= 37) || (code >= 90 && code <= 97)

/** The codes in force after `codes`, where `before` were in force. */
export function applySgr(before: ReadonlySet<number>, codes: readonly number[]): Set<number> {
  let now = new Set(before)
  for (let i = 0; i < codes.length; i += 1) {
    const code = codes[i] as number
    if (code === 0) now = new Set()
    else if (code === 22) now = without(now, (one) => one === 1 || one === 2)
    else if (code >= 23 && code <= 29) now = without(now, (one) => one === code - 20)
    else if (code === 39) now = without(now, FOREGROUND)
    else if (code === 49) now = without(now, BACKGROUND)
    else if (code === 38 || code === 48) {
      // 256 and true colours: the nearest of the sixteen, which are legible in light and dark.
      const { base, used } = nearest(codes.slice(i + 1))
      i += used
      if (base === undefined) continue
      const kind = code === 38 ? FOREGROUND : BACKGROUND
      now = without(now, kind).add(base + (code === 48 ? 10 : 0))
    } else if (FOREGROUND(code)) now = without(now, FOREGROUND).add(code)
    else if (BACKGROUND(code)) now = without(now, BACKGROUND).add(code)
    else if (code >= 1 && code <= 9) now.add(code)
  }
  return now
}

function without(codes: ReadonlySet<number>, isOut: (code: number) => boolean): Set<number> {
  return new Set([...codes].filter((code) => !isOut(code)))
}

/** The foreground code nearest to an extended colour, and how many parameters describe it. */
function nearest([kind, a = 0, b = 0, c = 0]: readonly number[]) {
  if (kind === 2) return { base: ofRgb(a, b, c), used: 4 }
  if (kind !== 5) return { base: undefined, used: 0 }
  if (a < 8) return { base: 30 + a, used: 2 }
  if (a < 16) return { base: 90 + a - 8, used: 2 }
  if (a >= 232) return { base: a < 244 ? 90 : 37, used: 2 }
  const cube = a - 16
  const [red, green, blue] = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6] as const
  return { base: ofRgb(red * 51, green * 51, blue * 51), used: 2 }
}

function ofRgb(red: number, green: number, blue: number): number {
  const brightest = Math.max(red, green, blue)
  const bit = (value: number, weight: number) =>
    brightest > 0 && value > brightest / 2 ? weight : 0
  return (brightest > 170 ? 90 : 30) + bit(red, 1) + bit(green, 2) + bit(blue, 4)
}
