"""Write captions for your own photos in a notebook; they are kept as COCO JSON (lesson 10).

* `coco_file`: changes one image's captions in a file and leaves all else in it as it is;
* `form`: a photo with boxes for its captions.
"""

from helpers.apps.annotating.coco_file import CocoFile
from helpers.apps.annotating.form import AnnotationWidget, annotation_widget
