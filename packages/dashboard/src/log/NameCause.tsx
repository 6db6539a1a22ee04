export interface NameCauseProps {
  index: number
  tabIndex: number
  onName: (index: number) => void
}

/** Says that a line made the launch fail. */
export function NameCause({ index, tabIndex, onName }: NameCauseProps) {
  return (
    <button
      class="name-cause"
      type="button"
      tabIndex={tabIndex}
      aria-label={`Line ${index + 1} was the cause`}
      onClick={() => onName(index)}
    >
      was the cause
    </button>
  )
}
