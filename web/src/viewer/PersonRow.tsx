/** Somebody by name, with an address or an id below it. */
export function PersonRow({ name, more }: { name: string; more: string | null }) {
  return (
    <span className="person">
      <span className="person-mark" aria-hidden="true">
        {[...name][0]?.toUpperCase()}
      </span>
      <span className="person-text">
        <span className="person-name">{name}</span>
        {more && <span className="person-more">{more}</span>}
      </span>
    </span>
  );
}
