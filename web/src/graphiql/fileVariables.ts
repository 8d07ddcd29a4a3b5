import { type DocumentNode, Kind, type OperationDefinitionNode, type TypeNode } from "graphql";

/** A variable of an operation that is to hold a file, or a list of files. */
export type FileVariable = { name: string; list: boolean; required: boolean; type: string };

const FILE_TYPE = "Upload";

/** Return the variables of type Upload of the named operation, or of the only one. */
export function fileVariables(
  document: DocumentNode | undefined,
  operationName: string | null | undefined,
): FileVariable[] {
  const operations = (document?.definitions ?? []).filter(
    (each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION,
  );
  const operation = operations.find((each) => each.name?.value === operationName) ?? operations[0];
  return (operation?.variableDefinitions ?? []).flatMap(({ variable, type, defaultValue }) => {
    const { named, list, written } = read(type);
    const required = type.kind === Kind.NON_NULL_TYPE && !defaultValue;
    return named === FILE_TYPE
      ? [{ name: variable.name.value, list, required, type: written }]
      : [];
  });
}

function read(type: TypeNode): { named: string; list: boolean; written: string } {
  switch (type.kind) {
    case Kind.NAMED_TYPE:
      return { named: type.name.value, list: false, written: type.name.value };
    case Kind.LIST_TYPE: {
      const inner = read(type.type);
      return { ...inner, list: true, written: `[${inner.written}]` };
    }
    case Kind.NON_NULL_TYPE: {
      const inner = read(type.type);
      return { ...inner, written: `${inner.written}!` };
    }
  }
}
