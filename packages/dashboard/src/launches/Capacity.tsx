import type { Stats } from '@launchtail/client'
import { inert } from '../parts/inert.js'

type Place = Stats['capacity'][number]

/** Where and at which hours launches failed because there was no capacity. */
export function Capacity({ places }: { places: readonly Place[] }) {
  if (places.length === 0) return null
  return (
    <div class="capacity">
      <h2 id="capacity">Missing capacity by hour of the day (UTC)</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls sideways, so a keyboard must reach it */}
      <section class="table" tabIndex={0} aria-labelledby="capacity">
        <table>
          <thead>
            <tr>
              <th scope="col">region</th>
              {HOURS.map((hour) => (
                <th key={hour} scope="col">
                  {hour}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {places.slice(0, 20).map((place) => (
              <tr key={nameOf(place)}>
                <th scope="row">{inert(nameOf(place))}</th>
                {HOURS.map((hour) => (
                  <Cell key={hour} place={place} hour={hour} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  )
}

const HOURS = Array.from({ length: 24 }, (_, hour) => hour)

/** The fuller its colour, the larger the share of launches that failed. */
function Cell({ place, hour }: { place: Place; hour: number }) {
  const launches = place.launches[hour] ?? 0
  const failed = place.failed[hour] ?? 0
  const share = launches === 0 ? 0 : failed / launches
  return (
    <td
      title={`${hour}:00 to ${hour}:59: ${failed} of ${launches} failed`}
      style={failed > 0 ? { '--share': `${Math.round(20 + 60 * share)}%` } : {}}
      data-failed={failed > 0}
    >
      {launches > 0 && failed}
    </td>
  )
}

function nameOf({ provider, region }: Place): string {
  return [provider, region].filter(Boolean).join(' ') || 'unknown'
}
