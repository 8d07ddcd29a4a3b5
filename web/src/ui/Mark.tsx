import icon from "../icon.svg";

/** The product's mark. */
export function Mark() {
  return <img src={icon} alt="" className="mark" width={32} height={32} />;
}
