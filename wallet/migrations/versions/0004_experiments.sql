-- Experiments: plans that were registered before they began, and who was exposed to which arm.
create table coalition.experiment (
  experiment_id UUID NOT NULL,
  name TEXT NOT NULL,
  plan JSONB NOT NULL,
  starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
  ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
  registered_by UUID NOT NULL,
  registered_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  PRIMARY KEY (experiment_id),
  CONSTRAINT experiment_registered_before CHECK (registered_at < starts_at),
  CONSTRAINT experiment_runs CHECK (starts_at < ends_at)
);

create index experiment_newest ON coalition.experiment (registered_at, experiment_id);

create table coalition.experiment_end (
  experiment_id UUID NOT NULL,
  ended_at TIMESTAMP WITH TIME ZONE NOT NULL,
  result JSONB NOT NULL,
  PRIMARY KEY (experiment_id)
);

create table coalition.exposure (
  experiment_id UUID NOT NULL,
  member_id UUID NOT NULL,
  arm TEXT NOT NULL,
  exposed_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
  via TEXT NOT NULL,
  PRIMARY KEY (experiment_id, member_id)
);
