import { type KeyboardEvent, useEffect, useRef, useState } from "react";

type Props = {
  label: string;
  value: string;
  placeholder?: string;
  readOnly: boolean;
  required?: boolean;
  long?: boolean;
  /** Hears every change, without the space around it; never of a required field that is empty. */
  onChange: (value: string) => void;
  onLeave: () => void;
};

/** A field that reports what is typed as it is typed. */
export function TextField(props: Props) {
  const { label, value, placeholder, readOnly, required, long, onChange, onLeave } = props;
  const [typed, setTyped] = useState(value);
  const typing = useRef(false);
  useEffect(() => {
    if (!typing.current) setTyped(value); // the server's form of it must not move what is typed
  }, [value]);
  const shared = {
    className: "input",
    value: typed,
    readOnly,
    placeholder: readOnly ? undefined : placeholder,
    onChange: (event: { target: { value: string } }) => {
      typing.current = true;
      setTyped(event.target.value);
      const wanted = event.target.value.trim();
      if (wanted !== value && (wanted || !required)) onChange(wanted);
    },
    onBlur: () => {
      typing.current = false;
      setTyped(value);
      onLeave();
    },
    onKeyDown: (event: KeyboardEvent<HTMLElement>) => {
      if (event.key === "Enter" && (!long || event.ctrlKey || event.metaKey)) {
        event.currentTarget.blur();
      }
    },
  };
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is one of the two inside
    <label className="field">
      <span className="field-label">{label}</span>
      {long ? <textarea rows={3} {...shared} /> : <input type="text" {...shared} />}
    </label>
  );
}
