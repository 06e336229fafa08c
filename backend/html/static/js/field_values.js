/** What the fields of the execute form say, as JSON values. */

/** What a person has typed is no value that the input takes. */
export class FieldError extends Error {}

/**
 * The value of a field: undefined where it is empty, an array where it is repeated.
 *
 * Throws a FieldError for text that is no value of a type the field takes.
 */
export async function readField(field) {
  const { control, types } = field.dataset;
  const values = [];
  for (const input of field.querySelectorAll("input, select, textarea")) {
    const value = await readControl(input, control, types.split(" "));
    if (value !== undefined) values.push(value);
  }
  if (values.length > 1 && !("repeated" in field.dataset)) throw new FieldError("takes a file or an address, not both");
  if (!("repeated" in field.dataset)) return values[0];
  return values.length > 0 ? values : undefined;
}

async function readControl(input, control, types) {
  if ("address" in input.dataset) return input.value === "" ? undefined : { href: input.value };
  if (control === "checkbox") return input.checked;
  if (control === "file") return input.files.length > 0 ? base64(input.files[0]) : undefined;
  if (input.value === "") return undefined;
  if (control === "select") return JSON.parse(input.value);
  if (control === "number") return input.valueAsNumber;
  if (control === "textarea" && types.join() !== "string") return parse(input.value, types);
  return input.value;
}

/**
 * JSON where the text is JSON of a type the field takes, or a reference to such a value; else the text itself where it
 * takes text.
 */
export function parse(text, types) {
  try {
    const value = JSON.parse(text);
    if (types.includes(typeOf(value)) || (Number.isInteger(value) && types.includes("integer"))) return value;
    if (typeof value?.href === "string") return value;
  } catch (error) {
    if (!types.includes("string")) throw new FieldError(`is not valid JSON: ${error.message}`);
  }
  if (types.includes("string")) return text;
  throw new FieldError(`must be JSON of type ${types.join(" or ")}`);
}

function typeOf(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new FieldError("cannot be read"));
    reader.readAsDataURL(file);
  });
}
