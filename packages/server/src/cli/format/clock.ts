/** Formats timestamps as a time of day in a zone: `local`, `utc`, or a name such as `Europe/Berlin`. */
export function timeIn(zone: string): (timestamp: string) => string {
  const timeZone = zone === 'local' ? undefined : zone === 'utc' ? 'UTC' : zone
  const format = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone })
  let second = Number.NaN
  let text = ''
  return (timestamp) => {
    const now = Math.floor(Date.parse(timestamp) / 1000)
    // Thousands of lines share a second, and formatting the time costs more than all the rest.
    if (now !== second) {
      second = now
      text = format.format(now * 1000)
    }
    return text
  }
}
