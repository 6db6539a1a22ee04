import { differencesOf } from '@launchtail/client/compare'
import { inert } from '../parts/inert.js'
import type { PairProps } from './Durations.js'

/** What of the two requests differs. */
export function Fields({ left, right, names }: PairProps) {
  const differences = differencesOf(left, right)
  return (
    <section aria-labelledby="fields">
      <h2 id="fields">What was different</h2>
      {differences.length === 0 && <p class="hint">Both were asked for in the same way.</p>}
      {differences.length > 0 && (
        <table class="differences">
          <thead>
            <tr>
              <th scope="col">field</th>
              <th scope="col">{inert(names[0])}</th>
              <th scope="col">{inert(names[1])}</th>
            </tr>
          </thead>
          <tbody>
            {differences.map((difference) => (
              <tr key={difference.field}>
                <th scope="row">{inert(difference.field.replaceAll('_', ' '))}</th>
                <td>{shown(difference.left)}</td>
                <td>{shown(difference.right)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function shown(value: string) {
  return value === '' ? '–' : value.split('\n').map((line, i) => <div key={i}>{inert(line)}</div>)
}
