/** How far a launch is, from 0 to 100, as a bar and a number. */
export function Progress({ progress }: { progress: number }) {
  const percent = Math.round(progress)
  return (
    <span class="progress">
      <span
        class="bar"
        role="progressbar"
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-label="Progress"
      >
        <i style={{ width: `${percent}%` }} />
      </span>
      <span>{percent} %</span>
    </span>
  )
}
