"""`creative submit`: a brief as a parcel for a job on a cluster."""
